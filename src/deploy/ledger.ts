import { createHash } from "node:crypto";
import type { Ctx } from "../core/context.ts";
import { encodeManifest } from "../core/manifest.ts";
import type { Plan } from "../core/plan.ts";
import { parentsOf, type RelPath } from "../core/rel-path.ts";
import { type FileMeta, hashSnapshot, type RemoteFile } from "../core/snapshot.ts";
import { encodeHead, encodeIntent, encodeProgress, type Head, type ProgressEntry } from "../core/target-records.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { PutResult, Target } from "../targets/target.ts";
import { whoAmI } from "./lock-owner.ts";
import { HEAD, isRecordName, type ManifestCache, type Observed, recordName } from "./observe.ts";

/** What is finished is written down on the target this often, so that no crash loses more. */
const CHECKPOINT_MS = 2_000;

/** The book a delivery keeps on its target: what it is about to do, what it has done, and what is there in the end. */
export interface Ledger extends AsyncDisposable {
  /** True when the target is known to hold files below this directory, so that it need not be made. */
  hasDirectory(dir: string): boolean;
  /** Notes that a file is whole and visible on the target. */
  recordPut(file: FileMeta, result: PutResult): void;
  /** Notes that a file is gone from the target. */
  recordDelete(path: RelPath): void;
  /** Replaces the manifest and ends the intent; the delivery is complete. */
  finish(ctx: Ctx): Promise<void>;
}

/** What a ledger is opened with. */
export interface LedgerInput {
  readonly target: Target;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly run: string;
  readonly cache: ManifestCache;
}

/**
 * Writes the intent, naming every path the plan is about to change, before the first of them is touched. Where an
 * earlier delivery was interrupted, what is known after it becomes a manifest first: its intent is not needed then.
 * Disposing without `finish` writes down what was done and leaves the intent for the next run.
 */
export async function openLedger(input: LedgerInput, ctx: Ctx): Promise<Ledger> {
  const { target, observed, plan, run } = input;
  const at = new Date(ctx.clock.now()).toISOString();
  const base: Head = observed.interrupted ? await fold(input, at, ctx) : (observed.head ?? emptyHead(run, at));
  const changes = plan.phases.flatMap((phase) => phase.changes);
  const intent = recordName("intent", run);
  const content = encodeIntent({
    format: 1,
    run,
    baseGeneration: base.generation,
    at,
    by: whoAmI(),
    puts: changes.flatMap((c) => (c.kind === "put" ? [[c.file.path, c.file.size, c.file.sha256] as const] : [])),
    deletes: changes.flatMap((c) => (c.kind === "delete" ? [c.path] : [])),
  });
  const [names] = await Promise.all([target.state.list(ctx), target.state.write(intent, content, ctx)]);
  const head: Head = { ...base, intent: { file: intent, run, at } };
  await target.state.write(HEAD, encodeHead(head), ctx);
  await sweep(input, ctx);
  // Dead deliveries may have left records that nothing names any more.
  const stale = names.filter((name) => isRecordName(name) && name !== intent && name !== base.manifest?.file);
  return keepLedger(input, head, stale, ctx);
}

function emptyHead(run: string, at: string): Head {
  return { format: 1, generation: 0, manifest: null, run, at, intent: null };
}

/** Makes what is known after an interrupted delivery the manifest, unknown paths included. */
async function fold({ target, observed, plan, run }: LedgerInput, at: string, ctx: Ctx): Promise<Head> {
  const generation = (observed.head?.generation ?? 0) + 1;
  const file = recordName("manifest", run, 0);
  const content = encodeManifest({ format: 1, site: plan.site, generation, run, at, files: observed.snapshot.files });
  await target.state.write(file, content, ctx);
  const manifest = { file, sha256: sha256(content), content: hashSnapshot(observed.snapshot) };
  return { format: 1, generation, manifest, run, at, intent: null };
}

/** Takes away the half-sent files of an interrupted delivery that are not sent again now. */
async function sweep({ target, observed, plan }: LedgerInput, ctx: Ctx): Promise<void> {
  if (observed.interrupted === null) return;
  const sent = new Set(plan.phases.flatMap((p) => p.changes.map((c) => (c.kind === "put" ? c.file.path : ""))));
  const leftovers = observed.interrupted.unfinished.filter((path) => !sent.has(path));
  if (leftovers.length > 0) await target.sweep(leftovers, ctx);
}

function keepLedger(input: LedgerInput, head: Head, stale: readonly string[], ctx: Ctx): Ledger {
  const { target, observed, plan, run, cache } = input;
  const files = new Map<RelPath, RemoteFile>(observed.snapshot.files);
  const directories = new Set<string>();
  for (const path of observed.snapshot.files.keys()) for (const parent of parentsOf(path)) directories.add(parent);
  const records: string[] = [];
  let pending: ProgressEntry[] = [];
  let finished = false;
  const stopped = new AbortController();
  const checkpoints = keepCheckpoints();

  return {
    hasDirectory: (dir) => directories.has(dir),
    recordPut({ path, size, sha256 }, { etag }) {
      files.set(path, { path, size, sha256, ...(etag === undefined ? {} : { etag }) });
      pending.push(etag === undefined ? [path, size, sha256] : [path, size, sha256, etag]);
    },
    recordDelete(path) {
      files.delete(path);
      pending.push([path, 0, null]);
    },
    finish,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await checkpoints;
      if (finished) return;
      await checkpoint({ ...ctx, signal: AbortSignal.timeout(4_000) }).catch(warn);
    },
  };

  async function keepCheckpoints(): Promise<void> {
    const signal = AbortSignal.any([ctx.signal, stopped.signal]);
    while (!signal.aborted) {
      try {
        await ctx.clock.sleep(CHECKPOINT_MS, signal);
        await checkpoint({ ...ctx, signal });
      } catch (error) {
        if (!signal.aborted) warn(error);
      }
    }
  }

  async function checkpoint(checkpointCtx: Ctx): Promise<void> {
    if (pending.length === 0) return;
    const done = pending;
    pending = [];
    const name = recordName("progress", run, records.length);
    records.push(name);
    try {
      await target.state.write(name, encodeProgress({ format: 1, run, done }), checkpointCtx);
    } catch (error) {
      pending = [...done, ...pending];
      throw error;
    }
  }

  function warn(error: unknown): void {
    const { message } = toSmartsyncError(error);
    ctx.emit({ type: "warning", code: "progress-not-saved", message: `could not note the progress: ${message}` });
  }

  async function finish(finishCtx: Ctx): Promise<void> {
    stopped.abort();
    await checkpoints;
    const generation = head.generation + 1;
    const at = new Date(ctx.clock.now()).toISOString();
    const content = encodeManifest({ format: 1, site: plan.site, generation, run, at, files });
    const file = recordName("manifest", run);
    const manifest = { file, sha256: sha256(content), content: hashSnapshot({ files }) };
    await target.state.write(manifest.file, content, finishCtx);
    await target.state.write(HEAD, encodeHead({ format: 1, generation, manifest, run, at, intent: null }), finishCtx);
    finished = true;
    cache.set(manifest.sha256, content);
    const old = head.manifest === null ? [] : [head.manifest.file];
    const done = [recordName("intent", run), ...records, ...old, ...stale];
    // The delivery is complete: what can't be cleared away now is harmless.
    await target.state.remove(done, finishCtx).catch((error: unknown) => {
      const { message } = toSmartsyncError(error);
      ctx.emit({ type: "warning", code: "records-kept", message: `could not remove old records: ${message}` });
    });
  }
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
