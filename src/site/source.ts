import type { Readable } from "node:stream";
import type { Ctx } from "../core/context.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { ScanProblem } from "../core/scan-problem.ts";
import type { FileMeta, Snapshot } from "../core/snapshot.ts";

/**
 * Remembers hashes between runs, per site and transform: one packed record for each directory (src/site/hash-record.ts
 * knows what is in it), since a row per file takes longer to load than the whole walk. Losing it, or a record that
 * can't be read, costs time, never correctness.
 */
export interface HashCache {
  /** The directories a record is kept of under this key (site name and a hash of the transform's settings). */
  directories(key: string): ReadonlySet<string>;
  /** A directory's record; "" is the root. Not all at once: those of 100,000 files take 20 MB. */
  find(key: string, directory: string): Uint8Array | undefined;
  /** Adds or replaces the records of these directories and forgets those. */
  update(key: string, put: Iterable<readonly [string, Uint8Array]>, gone: Iterable<string>): void;
}

/** What a scan found. */
export interface ScanResult {
  readonly snapshot: Snapshot;
  readonly problems: readonly ScanProblem[];
  /** How many files had to be read and hashed; the rest came from the cache. */
  readonly hashed: number;
}

/** The source side of a site. */
export interface Source {
  /** True when the site's patterns leave this path alone, on both sides. */
  isExcluded(path: string): boolean;
  /**
   * Walks and hashes the whole site, once it has settled. Throws "source-missing" and "source-unreadable" (kind
   * config; naming up to 20 paths), "source-unsettled" and "source-changing" (kind conflict).
   */
  scan(ctx: Ctx): Promise<ScanResult>;
  /** Looks at one file again, past the cache; undefined when it is gone or no longer deliverable. */
  rescan(path: RelPath, ctx: Ctx): Promise<FileMeta | undefined>;
  /** The delivered bytes of a file (after transforms), fresh on every call. */
  open(path: RelPath): Readable;
  /**
   * The same at once, of a file so small that a stream costs more than reading it; undefined of every other. Throws
   * what reading it fails with.
   */
  read(path: RelPath): Uint8Array | undefined;
}
