import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { isMissing, reasonOf } from "./file-error.ts";
import { findCharset } from "./find-charset.ts";
import type { FileStamp } from "./listing.ts";
import type { UrlRewriter } from "./rewrite-urls.ts";

/** What is known of a file's delivered bytes. Plain data. */
export interface Delivered {
  readonly deliveredSize: number;
  readonly sha256: string;
  /** `FileMeta.charset`. */
  readonly charset?: string;
}

/** What became of hashing a file. Plain data, so that a thread can hand it back. */
export type HashOutcome =
  | ({ readonly status: "hashed"; readonly stamp: FileStamp } & Delivered)
  /** There is no such file any more, for now at least. */
  | { readonly status: "gone" }
  /** It was written to in the meantime. */
  | { readonly status: "changing" }
  | { readonly status: "unreadable"; readonly reason: string };

/** Opens a file for reading without ever waiting: should a named pipe have taken its place, there may be no writer. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const buffer = Buffer.allocUnsafeSlow(1 << 20);

/**
 * Hashes the delivered bytes of a file, blocking, with memory that does not grow with the file. The stamp it gives is
 * the one the file had before and after it was read.
 */
export function hashFile(path: string, rewriter: UrlRewriter | undefined): HashOutcome {
  let file: number | undefined;
  try {
    file = openSync(path, READ_FLAGS);
    const before = fstatSync(file);
    if (!before.isFile()) return { status: "gone" };
    const delivered = readThrough(file, path, before.size, rewriter);
    const after = fstatSync(file);
    return isSame(before, after) ? { status: "hashed", stamp: stampOf(after), ...delivered } : { status: "changing" };
  } catch (error) {
    return isMissing(error) ? { status: "gone" } : { status: "unreadable", reason: reasonOf(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readThrough(file: number, path: string, size: number, rewriter: UrlRewriter | undefined): Delivered {
  const first = readSync(file, buffer);
  const charset = findCharset(path, buffer.subarray(0, first), first === size);
  const digest = rewriter === undefined && first === size ? digestAtOnce(first) : digestRest(file, first, rewriter);
  return charset === undefined ? digest : { ...digest, charset };
}

function digestAtOnce(length: number): Delivered {
  return { deliveredSize: length, sha256: hash("sha256", buffer.subarray(0, length)) };
}

function digestRest(file: number, first: number, rewriter: UrlRewriter | undefined): Delivered {
  const digest = createHash("sha256");
  let deliveredSize = 0;
  const take = (bytes: Uint8Array) => {
    deliveredSize += bytes.byteLength;
    digest.update(bytes);
  };
  for (let length = first; length > 0; length = readSync(file, buffer)) {
    const chunk = buffer.subarray(0, length);
    take(rewriter === undefined ? chunk : rewriter.push(chunk));
  }
  if (rewriter !== undefined) take(rewriter.end());
  return { deliveredSize, sha256: digest.digest("hex") };
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
}

function stampOf({ size, mtimeMs, ctimeMs, ino, mode }: Stats): FileStamp {
  return { size, mtimeMs, ctimeMs, ino, mode };
}
