import { z } from "zod";
import type { RelPath } from "./rel-path.ts";
import { seal, sealParts, unseal } from "./sealed.ts";
import type { RemoteFile } from "./snapshot.ts";
import { amount, moment, parseStored, relPath, sha256 } from "./stored.ts";

/** The one record that says what state a target is in: which manifest holds, and whether a delivery is under way. */
export interface Head {
  readonly format: 1;
  /** Grows by one with every manifest. 0 before the first. */
  readonly generation: number;
  /**
   * The manifest's record on the target, the SHA-256 of its bytes, and `hashSnapshot` of what it says; null before the
   * first.
   */
  readonly manifest: { readonly file: string; readonly sha256: string; readonly content: string } | null;
  /** The delivery that wrote this, and when. */
  readonly run: string;
  readonly at: string;
  /** The record of what a delivery is about to change; null when none is under way. */
  readonly intent: { readonly file: string; readonly run: string; readonly at: string } | null;
}

/** Every path a delivery may touch, written down before it touches the first. */
export interface Intent {
  readonly format: 1;
  readonly run: string;
  /** Generation of the manifest it started from. */
  readonly baseGeneration: number;
  readonly at: string;
  /** "user@host" that runs it. */
  readonly by: string;
  readonly puts: readonly (readonly [path: RelPath, size: number, sha256: string])[];
  readonly deletes: readonly RelPath[];
}

/** A path that a delivery is done with: what it holds now, or null for the SHA-256 when it was deleted. */
export type ProgressEntry = readonly [
  path: RelPath,
  size: number,
  sha256: string | null,
  etag?: string | null | undefined,
  serving?: string | undefined,
];

/** A file that is whole and visible, as progress. */
export function progressOf({ path, size, sha256, etag, serving }: RemoteFile): ProgressEntry {
  if (serving !== undefined) return [path, size, sha256, etag ?? null, serving];
  return etag === undefined ? [path, size, sha256] : [path, size, sha256, etag];
}

/** What a delivery has finished of its intent. */
export interface Progress {
  readonly format: 1;
  readonly run: string;
  readonly done: readonly ProgressEntry[];
}

const format = z.literal(1);
const run = z.string().min(1);
// Records lie side by side in the target's store: a name with a slash would lead out of it.
const recordFile = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, "is not the name of a record");

const headSchema = z.strictObject({
  format,
  generation: amount,
  manifest: z.strictObject({ file: recordFile, sha256, content: sha256 }).nullable(),
  run,
  at: moment,
  intent: z.strictObject({ file: recordFile, run, at: moment }).nullable(),
});

const intentSchema = z.strictObject({
  format,
  run,
  baseGeneration: amount,
  at: moment,
  by: z.string(),
  puts: z.array(z.tuple([relPath, amount, sha256])),
  deletes: z.array(relPath),
});

const progressSchema = z.strictObject({
  format,
  run,
  done: z.array(z.tuple([relPath, amount, sha256.nullable(), z.string().nullish(), z.string().optional()])),
});

/** Writes a head, as JSON that a person can read. */
export function encodeHead(head: Head): Uint8Array {
  return Buffer.from(`${JSON.stringify(head)}\n`);
}

/** Reads a head. Throws when it is anything else: an unreadable head is not an absent one. */
export function parseHead(bytes: Uint8Array): Head {
  return parseStored("the head", parseJson(Buffer.from(bytes).toString()), headSchema);
}

/** Writes an intent, sealed. */
export function encodeIntent(intent: Intent): Uint8Array {
  return sealParts(encodeParts(intent));
}

/** As JSON, path by path. */
function* encodeParts({ puts, deletes, ...about }: Intent): Generator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"puts":[`;
  yield* encodeItems(puts);
  yield '],"deletes":[';
  yield* encodeItems(deletes);
  yield "]}";
}

function* encodeItems(items: readonly unknown[]): Generator<string> {
  for (const [at, item] of items.entries()) yield `${at === 0 ? "" : ","}${JSON.stringify(item)}`;
}

/** Reads an intent. Throws when it is damaged or anything else. */
export function parseIntent(bytes: Uint8Array): Intent {
  return parseStored("the intent", parseJson(unseal(bytes)), intentSchema);
}

/** Writes a part of a delivery's progress, sealed. */
export function encodeProgress(progress: Progress): Uint8Array {
  return seal(JSON.stringify(progress));
}

/** Reads a part of a delivery's progress. Throws when it is damaged or anything else. */
export function parseProgress(bytes: Uint8Array): Progress {
  return parseStored("the progress", parseJson(unseal(bytes)), progressSchema);
}

/**
 * What is known of a target after a delivery broke off: of the paths it was about to touch, only those it recorded as
 * done are known; the others may hold what they held, the new content, or nothing.
 */
export function applyIntent(
  files: ReadonlyMap<RelPath, RemoteFile>,
  intent: Intent,
  progress: Iterable<Progress>,
): Map<RelPath, RemoteFile> {
  const after = new Map(files);
  const doubt = (path: RelPath, size: number) => {
    const leaving = files.get(path)?.leaving;
    after.set(path, { path, size, sha256: null, ...(leaving && { leaving }) });
  };
  for (const [path, size] of intent.puts) doubt(path, size);
  for (const path of intent.deletes) doubt(path, files.get(path)?.size ?? 0);
  for (const { done } of progress) applyProgress(after, done);
  return after;
}

function applyProgress(files: Map<RelPath, RemoteFile>, done: readonly ProgressEntry[]): void {
  for (const [path, size, sha256, etag, serving] of done) {
    if (sha256 === null) files.delete(path);
    else files.set(path, { path, size, sha256, ...(etag && { etag }), ...(serving && { serving }) });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("it is not JSON", { cause });
  }
}
