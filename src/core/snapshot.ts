import { createHash } from "node:crypto";
import { inPathOrder, type RelPath } from "./rel-path.ts";
import type { Serving } from "./serving.ts";

/**
 * A file as it will be delivered. Size and hash are of the delivered bytes, after every transform but compression: that
 * belongs to how they are served.
 */
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
  /** The encoding a page, a style sheet or a feed says it is in, lower case ("shift_jis"); "unknown" when it says none and is not UTF-8; absent when it is, or is no text. */
  readonly charset?: string;
  /** How a store serves it; absent where a web server of its own decides that. */
  readonly serving?: Serving;
}

/** A file as a target is known to hold it. */
export interface RemoteFile {
  readonly path: RelPath;
  readonly size: number;
  /**
   * null: nobody knows what is there. Without an etag, an interrupted delivery may have touched it; with one, somebody
   * else put it there.
   */
  readonly sha256: string | null;
  /** What the server said after the upload, where it says such a thing. */
  readonly etag?: string;
  /** `Serving.hash` of how it is served, on targets that keep headers. */
  readonly serving?: string;
  /** The site has it no more, and it stays for a while; absent while the site has it. */
  readonly leaving?: Leaving;
}

/** When a file that is kept on the target for a while left the site. */
export interface Leaving {
  /** Milliseconds since the epoch, whole. */
  readonly since: number;
  /** Of the manifest that first knew it. */
  readonly generation: number;
}

/** A delivered file as its target holds it; `etag` is what the server said. */
export function asHeld({ path, size, sha256, serving }: FileMeta, etag?: string): RemoteFile {
  return {
    path,
    size,
    sha256,
    ...(etag === undefined ? {} : { etag }),
    ...(serving === undefined ? {} : { serving: serving.hash }),
  };
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
 * A hash over every path, content and way of serving of a snapshot, the source's or a target's: equal exactly when both
 * hold the same site and nothing else. Worked out once for each map of files, which is not changed any more.
 */
export function hashSnapshot({ files }: Snapshot | Pick<RemoteSnapshot, "files">): string {
  const earlier = known.get(files);
  if (earlier !== undefined) return earlier;
  const hash = createHash("sha256");
  for (const file of inPathOrder<FileMeta | RemoteFile>(files.values())) {
    const { path, sha256, serving } = file;
    const served = typeof serving === "object" ? serving.hash : serving;
    const leaving = "leaving" in file && file.leaving !== undefined ? "\0leaving" : "";
    hash.update(`${path}\0${sha256}${served === undefined ? "" : `\0${served}`}${leaving}\n`);
  }
  const content = hash.digest("hex");
  known.set(files, content);
  return content;
}
