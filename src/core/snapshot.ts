import { createHash } from "node:crypto";
import { inPathOrder, type RelPath } from "./rel-path.ts";

/** A file as it will be delivered. Size and hash are of the delivered bytes, after every transform. */
export interface FileMeta {
  readonly path: RelPath;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal SHA-256. */
  readonly sha256: string;
  /** Milliseconds since the epoch, whole. */
  readonly mtimeMs: number;
  /** Permission bits only (0o644). */
  readonly mode: number;
}

/** A file as a target is known to hold it. */
export interface RemoteFile {
  readonly path: RelPath;
  readonly size: number;
  /** null: something may be there, but nobody knows what (an interrupted delivery touched it). */
  readonly sha256: string | null;
  /** What the server said after the upload, where it says such a thing. */
  readonly etag?: string;
}

/** A delivered file as its target holds it; `etag` is what the server said. */
export function asHeld({ path, size, sha256 }: FileMeta, etag?: string): RemoteFile {
  return { path, size, sha256, ...(etag === undefined ? {} : { etag }) };
}

/** The source at one moment, in path order. */
export interface Snapshot {
  readonly files: ReadonlyMap<RelPath, FileMeta>;
}

/** What a target is known to hold, and which state of the target that knowledge is of. */
export interface RemoteSnapshot {
  readonly files: ReadonlyMap<RelPath, RemoteFile>;
  /** Identifies the target's state: changes whenever a delivery begins or ends. "absent" before the first. */
  readonly state: string;
}

const known = new WeakMap<object, string>();

/**
 * A hash over every path and content of a snapshot, the source's or a target's: equal exactly when both hold the same
 * site. Worked out once for each map of files, which is not changed any more.
 */
export function hashSnapshot({ files }: Snapshot | Pick<RemoteSnapshot, "files">): string {
  const earlier = known.get(files);
  if (earlier !== undefined) return earlier;
  const hash = createHash("sha256");
  for (const { path, sha256 } of inPathOrder<FileMeta | RemoteFile>(files.values()))
    hash.update(`${path}\0${sha256}\n`);
  const content = hash.digest("hex");
  known.set(files, content);
  return content;
}
