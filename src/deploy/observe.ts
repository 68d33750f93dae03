import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Ctx } from "../core/context.ts";
import { decodeManifest } from "../core/manifest.ts";
import type { Reconciled } from "../core/reconcile.ts";
import type { RelPath } from "../core/rel-path.ts";
import { asHeld, hashSnapshot, type RemoteFile, type RemoteSnapshot, type Snapshot } from "../core/snapshot.ts";
import { applyIntent, type Head, type Intent, parseHead, parseIntent, parseProgress } from "../core/target-records.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { StateStore, Target } from "../targets/target.ts";
import type { ManifestCache } from "./manifest-cache.ts";

/** The one file that says what state a target is in; everything else is named by it. */
export const HEAD = "head.json";

/** Another delivery may be at work between two reads; then both are done again, so often at most. */
export const MAX_READS = 4;

/** A delivery that did not come to its end. */
export interface Interrupted {
  readonly intent: Intent;
  /** Paths of the intent of which nobody knows whether they were reached. */
  readonly unfinished: readonly RelPath[];
  /** The names of its records on the target. */
  readonly records: readonly string[];
}

/** What the site holds, once that is known. */
type Scan = Promise<{ readonly snapshot: Snapshot }>;

type Files = ReadonlyMap<RelPath, RemoteFile>;

/** What a target was found to hold. */
export interface Observed {
  readonly snapshot: RemoteSnapshot;
  /** null before the first delivery. */
  readonly head: Head | null;
  readonly interrupted: Interrupted | null;
  /** What a survey found that the records do not say; absent where there was none. */
  readonly found?: Pick<Reconciled, "adopted" | "drifted" | "isNews">;
}

/** The name of a record of a run on the target. */
export function recordName(kind: "manifest" | "intent" | "progress", run: string, part?: number): string {
  return `${kind}-${run}${part === undefined ? "" : `-${part}`}.gz`;
}

/**
 * True for the name of a record of whichever run, or of what a killed one tried out on a store. Notes of purges are
 * none: they are owed until a run has made them.
 */
export function isRecordName(name: string): boolean {
  return /^(?:(?:manifest|intent|progress)-.*\.gz|probe-[0-9a-f]{8})$/.test(name);
}

/**
 * Finds out what a target holds, from its own records: one small read when it holds just what the source does, or what
 * this machine saw last. Throws rather than guess: only a head that is certainly absent means a first delivery.
 */
export async function observe(target: Target, cache: ManifestCache, ctx: Ctx, scan?: Scan): Promise<Observed> {
  for (let read = 1; ; read++) {
    const head = await readHead(target.state, ctx);
    if (head === null) return { snapshot: { files: new Map(), state: "absent" }, head, interrupted: null };
    const files = (await sameAs(scan, head)) ?? (await readManifest(target.state, head.manifest, cache, ctx));
    const interrupted = files && head.intent ? await readInterrupted(target.state, head.intent, ctx) : null;
    if (files !== undefined && interrupted !== undefined) return combine(head, files, interrupted);
    if (read === MAX_READS) throw damaged(`the records named by ${HEAD} are missing`);
  }
}

/** Whether the target still says of itself what it said when it was looked at: one small read. */
export async function hasMoved(target: Target, { head }: Observed, ctx: Ctx): Promise<boolean> {
  return !isDeepStrictEqual(await readHead(target.state, ctx), head);
}

async function readHead(state: StateStore, ctx: Ctx): Promise<Head | null> {
  const record = await state.read(HEAD, ctx);
  return record === undefined ? null : understand("head", () => parseHead(record));
}

function combine(
  head: Head,
  known: Files,
  found: { intent: Intent; progress: ReturnType<typeof parseProgress>[]; records: string[] } | null,
): Observed {
  const manifest = head.manifest?.sha256.slice(0, 12) ?? "empty";
  const state = `${head.generation}:${manifest}`;
  if (found === null) return { snapshot: { files: known, state }, head, interrupted: null };
  const { intent, progress, records } = found;
  const files = applyIntent(known, intent, progress);
  const done = new Set(progress.flatMap((part) => part.done.map(([path]) => path)));
  const named: RelPath[] = [...intent.puts.map(([path]) => path), ...intent.deletes];
  const unfinished = named.filter((path) => !done.has(path));
  const interrupted = { intent, unfinished, records };
  return { snapshot: { files, state: `${state}+${intent.run}:${done.size}` }, head, interrupted };
}

/** The files of the source, when the manifest says the same of the target: then nobody has to read it. */
async function sameAs(scan: Scan | undefined, { manifest }: Head): Promise<Files | undefined> {
  if (scan === undefined || manifest === null) return undefined;
  const { snapshot } = await scan;
  if (hashSnapshot(snapshot) !== manifest.content) return undefined;
  return new Map(snapshot.files.values().map((file) => [file.path, asHeld(file)]));
}

async function readManifest(
  state: StateStore,
  manifest: Head["manifest"],
  cache: ManifestCache,
  ctx: Ctx,
): Promise<Files | undefined> {
  if (manifest === null) return new Map();
  const { file, sha256 } = manifest;
  const kept = cache.get(sha256);
  if (kept !== undefined) return kept;
  const content = await state.read(file, ctx);
  if (content === undefined) return undefined;
  if (createHash("sha256").update(content).digest("hex") !== sha256) throw damaged(`${file} is not what was written`);
  cache.set(sha256, content);
  return understand(file, () => decodeManifest(content)).files;
}

async function readInterrupted(state: StateStore, { file, run }: NonNullable<Head["intent"]>, ctx: Ctx) {
  const record = await state.read(file, ctx);
  if (record === undefined) return undefined;
  const intent = understand(file, () => parseIntent(record));
  const names = (await state.list(ctx)).filter((name) => name.startsWith(`progress-${run}-`));
  const parts = await Promise.all(names.map((name) => state.read(name, ctx)));
  if (parts.some((part) => part === undefined)) return undefined;
  const progress = parts.flatMap((part, at) =>
    part === undefined ? [] : [understand(names[at] ?? "progress", () => parseProgress(part))],
  );
  return { intent, progress, records: [file, ...names] };
}

function understand<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw damaged(`${name} can't be understood: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

function damaged(what: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`what smartsync recorded on the target is damaged: ${what}`, {
    kind: "conflict",
    code: "target-state-damaged",
    hint: "nothing was touched. To start over, remove the target's state folder (`smartsync doctor` shows where it is): the next delivery sends every file and deletes none",
    cause,
  });
}
