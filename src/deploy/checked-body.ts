import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FileMeta } from "../core/snapshot.ts";
import { SmartsyncError } from "../lib/errors.ts";

/**
 * A file's bytes on their way to a target, hashed as they pass. Ends in the error "source-changed" (kind conflict)
 * instead of its end when they are not what the plan says, so that a target never makes them visible.
 * `passed` is told how many bytes went by in all, chunk by chunk.
 */
export function checkedBody(file: FileMeta, open: () => Readable, passed: (bytes: number) => void): Readable {
  return Readable.from(check(file, open, passed), { objectMode: false });
}

async function* check(
  file: FileMeta,
  open: () => Readable,
  passed: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of open() as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      if (bytes > file.size) throw sourceChanged(file);
      passed(bytes);
      yield chunk;
    }
  } catch (error) {
    throw asSourceChanged(file, error);
  }
  if (bytes !== file.size || hash.digest("hex") !== file.sha256) throw sourceChanged(file);
}

/**
 * The error of reading a file that the plan knows: "source-changed" when it is gone, or replaced by something that can't
 * be read (looking at it again tells which), else what it was.
 */
export function asSourceChanged(file: FileMeta, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "EISDIR") return sourceChanged(file, error);
  return error instanceof Error ? error : new Error(String(error));
}

/** "source-changed" (kind conflict): the file is not what the plan says. */
export function sourceChanged(file: FileMeta, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`${file.path} changed while it was being sent`, {
    kind: "conflict",
    code: "source-changed",
    hint: "the site is being rebuilt; `settle` in the configuration waits until it is quiet",
    cause,
  });
}

/** True when a body ended in the error that the file is not what the plan says. */
export function isSourceChanged(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "source-changed";
}
