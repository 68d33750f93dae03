import { type DraftDirectory, namesOf } from "./draft-directory.ts";
import { type HashedFile, isRacy, packRecord } from "./hash-record.ts";
import { stampAt } from "./listing.ts";

/** Records to put, each packed when its turn comes, and directories to forget. */
export interface RecordUpdates {
  readonly put: Iterable<readonly [directory: string, record: Uint8Array]>;
  readonly gone: ReadonlySet<string>;
}

/**
 * What to remember for the next run, given the directories known before it and when the hashing began; undefined when
 * that is what is remembered. A file is left out that has no hash, because the scan was ended before its turn, or one
 * that can't be trusted (isRacy).
 */
export function recordUpdates(
  directories: readonly DraftDirectory[],
  known: ReadonlySet<string>,
  hashedAtMs: number,
): RecordUpdates | undefined {
  const changed = directories.filter((directory) => !directory.upToDate && isWorthKeeping(directory, hashedAtMs));
  const gone = new Set(known);
  for (const { listing, upToDate } of directories) if (upToDate) gone.delete(listing.path);
  for (const { listing } of changed) gone.delete(listing.path);
  return changed.length + gone.size === 0 ? undefined : { put: packAll(changed, hashedAtMs), gone };
}

function isWorthKeeping({ listing, files }: DraftDirectory, hashedAtMs: number): boolean {
  return files.some((file, index) => file !== undefined && !isRacy(stampAt(listing.stamps, index), hashedAtMs));
}

function* packAll(directories: readonly DraftDirectory[], hashedAtMs: number): Generator<[string, Uint8Array]> {
  for (const directory of directories) {
    yield [directory.listing.path, packRecord(hashedFiles(directory, hashedAtMs))];
  }
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
