import { type DraftDirectory, namesOf } from "./draft-directory.ts";
import { type HashedFile, isRacy, packRecord } from "./hash-record.ts";
import { stampAt } from "./listing.ts";

/** Records to put and directories to forget. */
export interface RecordUpdates {
  readonly put: ReadonlyMap<string, Uint8Array>;
  readonly gone: ReadonlySet<string>;
}

/**
 * What to remember for the next run, given what was known before it and when the hashing began. A file is left out that
 * has no hash, because the scan was ended before its turn, or one that can't be trusted (isRacy).
 */
export function recordUpdates(
  directories: readonly DraftDirectory[],
  known: ReadonlyMap<string, Uint8Array>,
  hashedAtMs: number,
): RecordUpdates {
  const put = new Map<string, Uint8Array>();
  const gone = new Set(known.keys());
  for (const directory of directories) {
    const { path } = directory.listing;
    const files = directory.upToDate ? [] : hashedFiles(directory, hashedAtMs);
    if (files.length > 0) put.set(path, packRecord(files));
    if (files.length > 0 || directory.upToDate) gone.delete(path);
  }
  return { put, gone };
}

function hashedFiles({ listing, files }: DraftDirectory, hashedAtMs: number): HashedFile[] {
  const fileNames = namesOf(listing).filter((name) => !name.endsWith("/"));
  return fileNames.flatMap((name, index) => {
    const file = files[index];
    const stamp = stampAt(listing.stamps, index);
    if (file === undefined || isRacy(stamp, hashedAtMs)) return [];
    const { size: deliveredSize, sha256, charset } = file;
    return [{ name, stamp, deliveredSize, sha256, ...(charset === undefined ? {} : { charset }) }];
  });
}
