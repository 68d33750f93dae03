import { createHash } from "node:crypto";
import type { Ctx } from "../core/context.ts";
import { markFiles } from "../core/grace.ts";
import { encodeManifest } from "../core/manifest.ts";
import type { Plan } from "../core/plan.ts";
import { recordable } from "../core/reconcile.ts";
import type { RelPath } from "../core/rel-path.ts";
import { asHeld, type FileMeta, hashSnapshot, type RemoteFile } from "../core/snapshot.ts";
import { encodeHead, encodeIntent, type Head, progressOf } from "../core/target-records.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { PutResult, Target } from "../targets/target.ts";
import type { Lock } from "./lock.ts";
import { whoAmI } from "./lock-owner.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { HEAD, isRecordName, type Observed, recordName } from "./observe.ts";
import { noteProgress } from "./progress-notes.ts";

/** How long closing the book may take when the delivery has failed or was stopped. */
const GOODBYE_MS = 4_000;

/**
 * The book a delivery keeps on its target: what it is about to do, what it has done, and what is there in the end.
 * Disposing tidies up. An intent that has neither been finished nor undone by then stays for the next run, with all
 * that was done of it.
 */
export interface Ledger extends AsyncDisposable {
  /** Writes the records that `begin` needs; nothing names them yet. */
  draft(): Promise<void>;
  /** From now on the target says that every path of the plan is about to change; before the first of them does. */
  begin(): Promise<void>;
  /** Notes that a file is whole and visible on the target. */
  recordPut(file: FileMeta, result: PutResult): void;
  /** Notes that a file is gone from the target. */
  recordDelete(path: RelPath): void;
  /**
   * Writes the new manifest beforehand, for whoever knows what the target will hold in the end and has the time now:
   * then it is not made from what is recorded.
   */
  foresee(held: ReadonlyMap<RelPath, RemoteFile>): Promise<void>;
  /** Replaces the manifest and ends the intent; the delivery is complete. */
  finish(): Promise<void>;
  /**
   * Ends the intent and leaves the records as they were, once `putBack` has made the target what it was. No progress
   * is told any more when it starts: where it does not get through, nobody knows what the paths of the intent hold.
   */
  undo(ctx: Ctx, putBack: () => Promise<void>): Promise<void>;
}

/** What a ledger is kept with. */
export interface LedgerInput {
  readonly target: Target;
  readonly lock: Lock;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly run: string;
  readonly cache: ManifestCache;
  /** The note of what CDNs will have to drop, which must be there before anything is visible. */
  readonly owes?: { readonly record: string; readonly content: Uint8Array };
}

/** Opens a delivery's book; nothing is written yet. The head is never written without a look at the lock before. */
export function openLedger(input: LedgerInput, ctx: Ctx): Ledger {
  const { target, lock, observed, plan, run, cache, owes } = input;
  const { state } = target;
  const intent = recordName("intent", run);
  const base = describeBase(input, ctx);
  const files = new Map<RelPath, RemoteFile>(observed.snapshot.files);
  const progress = noteProgress(state, run, ctx);
  /** The records that are not needed any more, once the head does not name them. */
  let needless: readonly string[] = [];
  let stale: readonly string[] = [];
  let kept: ReadonlySet<string> = new Set();
  let isOpen = false;
  let foreseen: Promise<NewManifest> | undefined;

  async function writeManifest(held: ReadonlyMap<RelPath, RemoteFile>): Promise<NewManifest> {
    const generation = base.head.generation + 1;
    const marked = markFiles(held, plan.keeping, { since: ctx.clock.now(), generation });
    const manifest = makeManifest(input, generation, recordName("manifest", run), marked, ctx);
    await state.write(manifest.named.file, manifest.content, ctx);
    return manifest;
  }

  async function tidyUp(): Promise<void> {
    const names = needless.filter((name) => !kept.has(name));
    needless = [];
    if (names.length === 0) return;
    const goodbye: Ctx = { ...ctx, signal: AbortSignal.timeout(GOODBYE_MS) };
    // What can't be cleared away now is harmless.
    await state.remove(names, goodbye).catch((error: unknown) => warn("records-kept", "remove old records", error));
  }

  function warn(code: string, doing: string, error: unknown): void {
    ctx.emit({ type: "warning", code, message: `could not ${doing}: ${toSmartsyncError(error).message}` });
  }

  return {
    async draft() {
      needless = [...needless, intent, ...(base.record === undefined ? [] : [base.record.named.file])];
      const content = encodeIntentOf(plan, run, base.head, ctx);
      const [names, releases = []] = await Promise.all([
        state.list(ctx),
        target.releases?.list(ctx),
        state.write(intent, content, ctx),
        owes && state.write(owes.record, owes.content, ctx),
        base.record && state.write(base.record.named.file, base.record.content, ctx),
      ]);
      // What a release holds is known for as long as it can be switched to.
      kept = new Set(releases.map(({ name }) => recordName("manifest", name)));
      // Dead deliveries may have left records that nothing names any more.
      stale = names.filter((name) => isRecordName(name) && name !== intent && name !== base.head.manifest?.file);
    },

    async begin() {
      const at = new Date(ctx.clock.now()).toISOString();
      await state.write(HEAD, encodeHead({ ...base.head, intent: { file: intent, run, at } }), ctx, async () => {
        await lock.check(ctx);
        isOpen = true;
        needless = [];
      });
      await sweep(input, ctx);
      progress.begin();
    },

    recordPut(file, { etag }) {
      const held = asHeld(file, etag);
      files.set(file.path, held);
      progress.add(progressOf(held));
    },

    recordDelete(path) {
      files.delete(path);
      progress.add([path, 0, null]);
    },

    async foresee(held) {
      needless = [...needless, recordName("manifest", run)];
      foreseen = writeManifest(held);
      await foreseen;
    },

    async finish() {
      await progress.stop();
      const { named, content } = await (foreseen ?? writeManifest(files));
      const generation = base.head.generation + 1;
      const at = new Date(ctx.clock.now()).toISOString();
      const head: Head = { format: 1, generation, manifest: named, run, at, intent: null };
      await state.write(HEAD, encodeHead(head), ctx, () => lock.check(ctx));
      isOpen = false;
      cache.set(named.sha256, content);
      const old = base.head.manifest === null ? [] : [base.head.manifest.file];
      needless = [intent, ...progress.records, ...old, ...stale];
    },

    async undo(undoCtx, putBack) {
      if (!isOpen) return;
      await lock.check(undoCtx);
      await progress.withdraw(undoCtx);
      await putBack();
      await lock.check(undoCtx);
      if (observed.head === null) await state.remove([HEAD], undoCtx);
      else await state.write(HEAD, encodeHead(base.head), undoCtx);
      isOpen = false;
      needless = [intent, recordName("manifest", run), ...stale];
    },

    async [Symbol.asyncDispose]() {
      await progress.stop();
      if (isOpen) {
        const goodbye: Ctx = { ...ctx, signal: AbortSignal.timeout(GOODBYE_MS) };
        await progress.save(goodbye).catch((error: unknown) => warn("progress-not-saved", "note the progress", error));
      }
      await tidyUp();
    },
  };
}

/** A manifest to be written, and how a head names it. */
interface NewManifest {
  readonly named: NonNullable<Head["manifest"]>;
  readonly content: Uint8Array;
}

function makeManifest(
  { plan: { site }, run }: LedgerInput,
  generation: number,
  file: string,
  held: ReadonlyMap<RelPath, RemoteFile>,
  { clock }: Ctx,
): NewManifest {
  const files = recordable(held);
  const at = new Date(clock.now()).toISOString();
  const content = encodeManifest({ format: 1, site, generation, run, at, files });
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { named: { file, sha256, content: hashSnapshot({ files }) }, content };
}

/** The state that a delivery starts from: what the head says without it, and a record that has to be written for that. */
interface Base {
  readonly head: Head;
  readonly record?: NewManifest;
}

/**
 * Where an earlier delivery was interrupted, what is known after it becomes the manifest first, unknown paths
 * included: its intent is not needed then.
 */
function describeBase(input: LedgerInput, ctx: Ctx): Base {
  const { run, observed } = input;
  const at = new Date(ctx.clock.now()).toISOString();
  const { head, interrupted, snapshot } = observed;
  if (interrupted === null)
    return { head: head ?? { format: 1, generation: 0, manifest: null, run, at, intent: null } };
  const generation = (head?.generation ?? 0) + 1;
  const record = makeManifest(input, generation, recordName("manifest", run, 0), snapshot.files, ctx);
  return { head: { format: 1, generation, manifest: record.named, run, at, intent: null }, record };
}

function encodeIntentOf(plan: Plan, run: string, base: Head, ctx: Ctx): Uint8Array {
  const changes = plan.phases.flatMap((phase) => phase.changes);
  return encodeIntent({
    format: 1,
    run,
    baseGeneration: base.generation,
    at: new Date(ctx.clock.now()).toISOString(),
    by: whoAmI(),
    puts: changes.flatMap((c) => (c.kind === "put" ? [[c.file.path, c.file.size, c.file.sha256] as const] : [])),
    deletes: changes.flatMap((c) => (c.kind === "delete" ? [c.path] : [])),
  });
}

/** Takes away the half-sent files of an interrupted delivery that are not sent again now. */
async function sweep({ target, observed, plan }: LedgerInput, ctx: Ctx): Promise<void> {
  if (observed.interrupted === null) return;
  const sent = new Set(plan.phases.flatMap((p) => p.changes.map((c) => (c.kind === "put" ? c.file.path : ""))));
  const leftovers = observed.interrupted.unfinished.filter((path) => !sent.has(path));
  if (leftovers.length > 0) await target.sweep(leftovers, ctx);
}
