import { randomBytes } from "node:crypto";
import { closeSync, createWriteStream, fchmodSync, futimesSync, openSync, writeSync } from "node:fs";
import { chmod, mkdir, readdir, rm, statfs, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SmartsyncError } from "../../../lib/errors.ts";
import { reasonOfCall } from "../../../lib/reason-of-call.ts";
import { stopped } from "../line-failures.ts";

/** A file for the spool. */
export interface SpoolFile {
  readonly id: string;
  /** Bytes: exactly so many will come, or the body errors. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Permission bits. */
  readonly mode: number;
  body(): Readable;
}

/** A folder of this machine from which rsync sends. */
export interface Spool extends AsyncDisposable {
  readonly folder: string;
  /** Writes a file there under its id. Throws the body's own error as it is, and "spool-unwritable". */
  add(file: SpoolFile): Promise<void>;
}

/** Up to this size a file is written in one go, without a round through the thread pool for each step of it. */
const AT_ONCE_BYTES = 256 * 1024;
const CHUNK_BYTES = 512 * 1024;

/** Linux keeps this folder in memory: a spool of small files costs no disk there, and files come and go much faster. */
const MEMORY = "/dev/shm";
/** It is used for so many bytes at most, and no more than this share of what is free there. */
const MEMORY_SHARE = 0.25;
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Makes a spool for so many bytes, private to who runs this: in memory where they are few, else in the folder `spools`.
 * `signal` ends every body that is being read. Disposing removes the spool; what dead processes left there goes too.
 */
export async function openSpool(spools: string, bytes: number, signal: AbortSignal): Promise<Spool> {
  const parent = (await hasMemoryFor(bytes)) ? MEMORY : spools;
  const folder = join(parent, `${OWN_SPOOLS}${process.pid}_${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await mkdir(folder, { mode: 0o700 });
    await removeDeadSpools(parent);
  } catch (error) {
    throw unwritable(folder, error);
  }
  const bodies = new Set<Readable>();
  const stop = (): void => {
    for (const body of bodies) body.destroy(stopped());
  };
  signal.addEventListener("abort", stop, { once: true });
  return {
    folder,
    async add(file) {
      if (signal.aborted) throw stopped();
      const path = join(folder, file.id);
      const body = file.body();
      bodies.add(body);
      try {
        if (file.size <= AT_ONCE_BYTES) writeAtOnce(path, file, Buffer.concat(await Array.fromAsync(body)));
        else await writeInPieces(path, file, body);
      } finally {
        bodies.delete(body);
      }
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", stop);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function writeAtOnce(path: string, { mode, mtimeMs }: SpoolFile, content: Buffer): void {
  try {
    const file = openSync(path, "wx", mode);
    try {
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
      fchmodSync(file, mode);
      futimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function writeInPieces(path: string, { mode, mtimeMs }: SpoolFile, body: Readable): Promise<void> {
  const file = createWriteStream(path, { flags: "wx", mode, highWaterMark: CHUNK_BYTES });
  // The one that fails takes the other with it, by the same error.
  let first: "body" | "file" | undefined;
  body.once("error", () => {
    first ??= "body";
  });
  file.once("error", () => {
    first ??= "file";
  });
  try {
    await pipeline(body, file);
    await chmod(path, mode);
    await utimes(path, mtimeMs / 1000, mtimeMs / 1000);
  } catch (error) {
    await rm(path, { force: true });
    throw first === "body" ? error : unwritable(path, error);
  }
}

async function hasMemoryFor(bytes: number): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    return bytes < bavail * bsize * MEMORY_SHARE && bytes <= MEMORY_BYTES;
  } catch {
    // Other systems have no such folder.
    return false;
  }
}

/** A spool's name says of which machine, user and process it is, since others may share the folder. */
const OWN_SPOOLS = `smartsync-spool_${hostname()}_${process.getuid?.()}_`;

async function removeDeadSpools(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(OWN_SPOOLS));
  for (const name of names) {
    const pid = Number.parseInt(name.slice(OWN_SPOOLS.length), 10);
    // One that resists bears our name, but is not ours.
    if (!isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user is there too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether it is the spool that failed, and not the body of a file. */
export function isSpoolFailure(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "spool-unwritable";
}

function unwritable(path: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(`could not write ${path}, where files wait to be sent by rsync: ${reasonOfCall(cause)}`, {
    kind: "config",
    code: "spool-unwritable",
    hint: "rsync sends from copies: the disk of the configuration file needs room for 512 MB, or for the largest two files",
    cause,
  });
}
