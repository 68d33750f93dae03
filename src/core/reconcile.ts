import { createHash } from "node:crypto";
import type { Doubt, Identity, ListedFile } from "./identity.ts";
import type { RelPath } from "./rel-path.ts";
import type { FileMeta, RemoteFile } from "./snapshot.ts";

type Files = ReadonlyMap<RelPath, RemoteFile>;

/** What a target's records say beside what it lists. */
export interface Comparison {
  /** What the records say. */
  readonly known: Files;
  /** What has to be identified. */
  readonly doubts: readonly Doubt[];
  /** Known, but not there. */
  readonly gone: readonly RemoteFile[];
}

/** What a target holds, as its records and its listing say together. */
export interface Reconciled {
  readonly files: Files;
  /** The same for the same differences between records and listing: "" for none. */
  readonly mark: string;
  /** How many files that the records do not know hold what the site does. */
  readonly adopted: number;
  /** Files that somebody changed or removed since they were recorded. */
  readonly drifted: readonly RelPath[];
  /** The records do not say all that is known now. */
  readonly isNews: boolean;
}

/**
 * Compares what a target's records say with what it lists: an etag as recorded means the file is as recorded. What is
 * listed but neither recorded nor part of the site is somebody else's, and left out. `settled` are paths that were
 * listed as recorded, and are not in `listed`.
 */
export function compareListing(
  known: Files,
  listed: ReadonlyMap<RelPath, ListedFile>,
  local: ReadonlyMap<RelPath, FileMeta>,
  settled: ReadonlySet<RelPath> = new Set(),
): Comparison {
  const doubts: Doubt[] = [];
  const gone: RemoteFile[] = [];
  for (const file of known.values()) {
    if (settled.has(file.path)) continue;
    const there = listed.get(file.path);
    if (there === undefined) gone.push(file);
    else if (!isAsRecorded(file, there)) doubts.push({ there, known: file, local: local.get(file.path) });
  }
  for (const file of local.values()) {
    if (known.has(file.path)) continue;
    const there = listed.get(file.path);
    if (there !== undefined) doubts.push({ there, known: undefined, local: file });
  }
  return { known, doubts, gone };
}

/** True of a file that is as the records have it. */
export function isAsRecorded({ sha256, etag }: RemoteFile, there: ListedFile): boolean {
  return sha256 !== null && etag !== undefined && etag === there.etag;
}

/** Puts records and listing together; a doubt without an identity is something that nobody knows. */
export function reconcile({ known, doubts, gone }: Comparison, identities: ReadonlyMap<RelPath, Identity>): Reconciled {
  if (doubts.length + gone.length === 0) return { files: known, mark: "", adopted: 0, drifted: [], isNews: false };
  const files = new Map(known);
  for (const { path } of gone) files.delete(path);
  const drifted = gone.filter(({ sha256 }) => sha256 !== null).map(({ path }) => path);
  let adopted = 0;
  let isNews = gone.length > 0;
  for (const doubt of doubts) {
    const { path } = doubt.there;
    const file = settle(doubt, identities.get(path));
    files.set(path, file);
    const before = doubt.known;
    if (before === undefined) {
      if (file.sha256 === null) continue;
      adopted++;
      isNews = true;
    } else {
      const isOther = file.sha256 !== before.sha256 || file.serving !== before.serving;
      if (isOther && before.sha256 !== null) drifted.push(path);
      if (isOther || file.etag !== before.etag) isNews = true;
    }
  }
  return { files, mark: markOf(doubts, gone), adopted, drifted: drifted.sort(), isNews };
}

function settle({ there, known, local }: Doubt, identity: Identity | undefined): RemoteFile {
  const { path, size, etag } = there;
  // A path of an interrupted delivery stays one: whether that reached it nobody knows.
  if (identity === undefined && known?.sha256 === null && known.etag === undefined) return known;
  return {
    path,
    size: local !== undefined && identity?.sha256 === local.sha256 ? local.size : size,
    sha256: identity?.sha256 ?? null,
    ...(etag === undefined ? {} : { etag }),
    ...(identity === undefined ? {} : { serving: identity.serving }),
    ...(known?.leaving === undefined ? {} : { leaving: known.leaving }),
  };
}

function markOf(doubts: readonly Doubt[], gone: readonly RemoteFile[]): string {
  const lines = [
    ...doubts.map(({ there }) => `${there.path}\0${there.etag ?? there.size}`),
    ...gone.map(({ path }) => path),
  ];
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex").slice(0, 12);
}

/**
 * What of these a manifest may record: all but what somebody else put there and nobody knows. Recorded, it would be
 * taken for delivered, and deleted when the site has it no more.
 */
export function recordable(files: Files): Files {
  const isForeign = ({ sha256, etag }: RemoteFile) => sha256 === null && etag !== undefined;
  if (!files.values().some(isForeign)) return files;
  return new Map([...files].filter(([, file]) => !isForeign(file)));
}
