import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import type { Delivered } from "./hash-file.ts";
import { COLUMNS, type HashRecord, openRecord, SHA256_LENGTH } from "./hash-record.ts";
import { type FileStamp, type Listing, stampAt } from "./listing.ts";

/** A directory's files as far as they are known without reading any. */
export interface DraftDirectory {
  readonly listing: Listing;
  /** Its files in the order of their names; undefined where one is still to be read, or is gone. */
  readonly files: (FileMeta | undefined)[];
  readonly misses: readonly Miss[];
  /** Whether what is remembered of it is all it holds, and still right. */
  readonly upToDate: boolean;
}

/** A file that has to be read, because nothing is remembered of it as it is now. */
export interface Miss {
  readonly path: RelPath;
  readonly size: number;
  /** Its position among the files of its directory. */
  readonly index: number;
}

/** The directories of a site by path; "" is the root. */
export type DraftTree = ReadonlyMap<string, DraftDirectory>;

/** One for all: most of many thousand directories have none. */
const NONE: readonly Miss[] = [];

/** The names in a listing: files, and directories that end in "/". Not kept apart: they would take as much again. */
export function namesOf({ names }: Listing): string[] {
  return names === "" ? [] : names.split("\0");
}

/** Gives every file of a directory the hash it is remembered with, where its stamp is the same. */
export function draftDirectory(listing: Listing, remembered: Uint8Array | undefined): DraftDirectory {
  const prefix = listing.path === "" ? "" : `${listing.path}/`;
  const record = openRecord(remembered);
  const find = finder(record);
  const files: DraftDirectory["files"] = [];
  const misses: Miss[] = [];
  for (const name of namesOf(listing)) {
    if (name.endsWith("/")) continue;
    const path = (prefix + name) as RelPath;
    const stamp = stampAt(listing.stamps, files.length);
    const found = find(name, stamp);
    if (found === undefined) misses.push({ path, size: stamp.size, index: files.length });
    files.push(found && describeFile(path, stamp, found));
  }
  const upToDate = misses.length === 0 && files.length === (record?.names.length ?? 0);
  return { listing, files, misses: misses.length === 0 ? NONE : misses, upToDate };
}

/** A file as it is delivered. */
export function describeFile(path: RelPath, stamp: FileStamp, delivered: Delivered): FileMeta {
  const { deliveredSize: size, sha256, charset } = delivered;
  const file = { path, size, sha256, mtimeMs: Math.floor(stamp.mtimeMs), mode: stamp.mode & 0o777 };
  return charset === undefined ? file : { ...file, charset };
}

/** The directories that lead from the root to where they say they are, in path order. */
export function reachable(tree: DraftTree, path = ""): DraftDirectory[] {
  const directory = tree.get(path);
  if (directory === undefined) return [];
  const below = namesOf(directory.listing).filter((name) => name.endsWith("/"));
  return [directory, ...below.flatMap((name) => reachable(tree, childOf(path, name)))];
}

/** The files that are known by now, in path order. */
export function knownFiles(tree: DraftTree): Map<RelPath, FileMeta> {
  const files = new Map<RelPath, FileMeta>();
  const visit = (path: string): void => {
    const directory = tree.get(path);
    if (directory === undefined) return;
    let next = 0;
    for (const name of namesOf(directory.listing)) {
      const file = name.endsWith("/") ? visit(childOf(path, name)) : directory.files[next++];
      if (file) files.set(file.path, file);
    }
  };
  visit("");
  return files;
}

function childOf(path: string, name: string): string {
  return (path === "" ? name : `${path}/${name}`).slice(0, -1);
}

/** Looks names up in a record; they must come in order. */
function finder(record: HashRecord | undefined) {
  let next = 0;
  return (name: string, stamp: FileStamp): Delivered | undefined => {
    if (record === undefined) return undefined;
    const { names, numbers, hashes, charsets } = record;
    while (next < names.length && (names[next] ?? "") < name) next++;
    const at = next * COLUMNS;
    const same =
      names[next] === name &&
      numbers[at] === stamp.size &&
      numbers[at + 1] === stamp.mtimeMs &&
      numbers[at + 2] === stamp.ctimeMs &&
      numbers[at + 3] === stamp.ino;
    if (!same) return undefined;
    const sha256 = hashes.slice(next * SHA256_LENGTH, (next + 1) * SHA256_LENGTH);
    const delivered = { deliveredSize: numbers[at + 4] ?? 0, sha256 };
    const charset = charsets[next];
    return charset ? { ...delivered, charset } : delivered;
  };
}
