import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { throwIfAborted } from "../../lib/abort.ts";
import { errnoOf, onDisk } from "./disk-error.ts";

/** What a written file shall have besides its bytes. */
export interface Attributes {
  /** Permission bits; the system's default for new files when absent. */
  readonly mode?: number;
  /** Milliseconds since the epoch; now when absent. */
  readonly mtimeMs?: number;
}

/**
 * Writes the body to `temp` and renames it to `path`, in the same directory: under `path` there is the old file or
 * the whole new one, at every moment. When it fails, `temp` is removed; an error of the body is thrown as it is.
 */
export async function putFile(
  path: string,
  temp: string,
  body: () => Readable,
  attributes: Attributes,
  signal: AbortSignal,
): Promise<void> {
  try {
    await writeTemp(path, temp, body, attributes, signal);
    throwIfAborted(signal);
    await onDisk("write", path, () => rename(temp, path));
  } catch (error) {
    await removeQuietly(temp);
    throwIfAborted(signal);
    throw error;
  }
}

async function writeTemp(
  path: string,
  temp: string,
  body: () => Readable,
  attributes: Attributes,
  signal: AbortSignal,
): Promise<void> {
  await using handle = await onDisk("write", path, () => openFresh(temp));
  await pipeline(body(), (chunks: AsyncIterable<Uint8Array>) => writeAll(path, handle, chunks), { signal });
  const { mode, mtimeMs } = attributes;
  if (mode !== undefined) await onDisk("set the permissions of", path, () => handle.chmod(mode));
  if (mtimeMs !== undefined) {
    await onDisk("set the time of", path, () => handle.utimes(mtimeMs / 1000, mtimeMs / 1000));
  }
}

async function writeAll(path: string, handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    let written = 0;
    while (written < chunk.length) {
      const { bytesWritten } = await onDisk("write", path, () => handle.write(chunk, written));
      written += bytesWritten;
    }
  }
}

/** A new, empty file: whatever lay there, a leftover or somebody's symbolic link, is removed, not written through. */
async function openFresh(temp: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return await open(temp, flags);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    await rm(temp);
    return open(temp, flags);
  }
}

/** The failure that led here is the one to report; a leftover is swept by the next run. */
async function removeQuietly(temp: string): Promise<void> {
  await rm(temp, { force: true }).catch(() => undefined);
}
