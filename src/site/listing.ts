import type { ScanProblem } from "../core/scan-problem.ts";

/** A directory to be listed. Plain data, so that it can be handed to a thread. */
export interface PendingDir {
  /** From the site's root; "" is the root itself. */
  readonly path: string;
  /** Where it really is, after every link. */
  readonly real: string;
  /** The directory it was found in; null for the root. */
  readonly above: PendingDir | null;
}

/** What a directory holds, packed tight: a site has a hundred thousand files, and this crosses from thread to thread. */
export interface Listing {
  readonly path: string;
  /** When something was last added to it, renamed in it or taken from it; 0 when it can't be read. */
  readonly changedMs: number;
  /**
   * The names that are delivered, joined by NUL; directories end in "/". In an order that gives the files of a whole
   * tree in path order when its listings are walked depth first.
   */
  readonly names: string;
  /**
   * STAMP_FIELDS numbers for each name that is a file, in the same order. Plain numbers: a typed array for each of many
   * thousand directories costs more memory than what is in it.
   */
  readonly stamps: number[];
  readonly problems: readonly ScanProblem[];
  /** What could not be read, and why: "news/a.html (permission denied)". */
  readonly unreadable: readonly string[];
}

/**
 * How many numbers are kept of a file: size, mtimeMs, ctimeMs, ino, mode. Times are doubles of milliseconds, a quarter
 * of a microsecond apart, and several times faster to get than exact ones. That is safe: two versions whose times
 * fall together were written that close to each other, and a file that young when it is hashed is not trusted from the
 * cache (hash-record.ts). An inode number beyond 2^53 loses its last bits, which matters only if size and both
 * times are equal as well.
 */
export const STAMP_FIELDS = 5;

/** What is kept of a file to tell whether it changed, and how it is delivered. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly mode: number;
}

/** The stamp at a file's position among a listing's stamps. */
export function stampAt(stamps: readonly number[], index: number): FileStamp {
  const at = index * STAMP_FIELDS;
  return {
    size: stamps[at] ?? 0,
    mtimeMs: stamps[at + 1] ?? 0,
    ctimeMs: stamps[at + 2] ?? 0,
    ino: stamps[at + 3] ?? 0,
    mode: stamps[at + 4] ?? 0,
  };
}

/** Writes a file's stamp at its position among a listing's stamps. */
export function setStamp(stamps: number[], index: number, { size, mtimeMs, ctimeMs, ino, mode }: FileStamp): void {
  const at = index * STAMP_FIELDS;
  stamps[at] = size;
  stamps[at + 1] = mtimeMs;
  stamps[at + 2] = ctimeMs;
  stamps[at + 3] = ino;
  stamps[at + 4] = mode;
}
