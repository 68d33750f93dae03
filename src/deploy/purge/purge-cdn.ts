import type { Ctx } from "../../core/context.ts";
import { pathsLeft } from "../../core/paths-left.ts";
import { isEmptyScope, type PurgeScope } from "../../core/purge-note.ts";
import type { PurgePlan } from "../../core/purge-plan.ts";
import type { CheckResult, PurgeResult } from "../../core/purge-result.ts";
import type { RelPath } from "../../core/rel-path.ts";
import { type SmartsyncError, toSmartsyncError } from "../../lib/errors.ts";
import type { PlanDeps } from "../job.ts";
import { toFailure } from "../to-failure.ts";
import { awaitThrough } from "./await-through.ts";
import { countUse } from "./count-use.ts";
import { keepBudget } from "./keep-budget.ts";
import type { OpenedCdn } from "./open-cdns.ts";
import { askUsage, planScope, purgeInput } from "./plan-purges.ts";
import { keyOf, type Sent, sendPurge, stopped } from "./send-purge.ts";

/** One CDN's purge in a run. */
export interface CdnPurge {
  readonly opened: OpenedCdn;
  readonly run: string;
  readonly scope: PurgeScope;
  /** The site's files as they are now. */
  readonly files: ReadonlyMap<RelPath, unknown>;
  /** Whether a path of the scope was there before, as far as is known. */
  wasThere(path: RelPath): boolean;
  /** Runs that part of the scope is from. */
  readonly madeGood?: readonly string[];
  /** Looks whether visitors see it, once it was purged; undefined where nobody is to look. */
  readonly check?: ((purged: Purged, ctx: Ctx) => Promise<CheckResult | undefined>) | undefined;
}

/** A purge that was accepted, for whoever looks at it. */
export interface Purged {
  readonly opened: OpenedCdn;
  readonly scope: PurgeScope;
  /** Asks for the same once more. */
  again(): Promise<void>;
}

/** How a purge ended, and what of its scope is still to be dropped. */
export interface CdnPurged {
  readonly result: PurgeResult;
  readonly rest: PurgeScope;
}

/** What a result says besides how it ended. */
type Counts = Omit<PurgeResult, "outcome" | "seconds">;

/** What is known at the end of a purge but for the time it took. */
interface Ended {
  readonly counts: Partial<Counts>;
  readonly outcome: PurgeResult["outcome"];
  readonly error?: SmartsyncError;
  readonly rest: PurgeScope;
}

const NONE: PurgeScope = new Set();

/** Purges a CDN: plan, budget, requests, and a look at it. Never throws: what fails is told in the result. */
export async function purgeCdn(purge: CdnPurge, deps: PlanDeps, ctx: Ctx): Promise<CdnPurged> {
  const startedAt = ctx.clock.now();
  const { opened, files, madeGood } = purge;
  const { counts, outcome, error, rest } = await tryPurge(purge, deps, ctx);
  const seconds = (ctx.clock.now() - startedAt) / 1000;
  const nothing: Counts = { cdn: opened.name, requests: 0, items: 0, changed: 0, dropped: 0, of: files.size, ids: [] };
  const more = { ...(madeGood && { madeGood }), ...(error && { failure: toFailure(error, deps.redactor) }) };
  return { result: { ...nothing, ...counts, ...more, outcome, seconds }, rest };
}

async function tryPurge(purge: CdnPurge, deps: PlanDeps, ctx: Ctx): Promise<Ended> {
  const { scope, opened } = purge;
  if (isEmptyScope(scope)) return { counts: {}, outcome: "nothing", rest: scope };
  try {
    ctx.signal.throwIfAborted();
    return await makePurge(purge, deps, ctx);
  } catch (error) {
    const changed = scope === "everything" ? purge.files.size : scope.size;
    const why = ctx.signal.aborted ? stopped(opened.name, error) : toSmartsyncError(error);
    return { counts: { changed }, outcome: "failed", error: why, rest: scope };
  }
}

async function makePurge(purge: CdnPurge, deps: PlanDeps, ctx: Ctx): Promise<Ended> {
  const { opened, scope, files } = purge;
  const input = purgeInput(opened, scope, files.keys(), await askUsage(opened, deps, ctx), purge.wasThere);
  const kept = keepBudget(opened, planScope(scope, input), input, deps, ctx);
  const { batches, changed, dropped, of } = kept.plan;
  if (kept.verdict !== "go") {
    return { counts: { changed, of }, outcome: kept.verdict, rest: kept.verdict === "skipped" ? NONE : scope };
  }
  if (batches.length === 0) return { counts: { changed, of }, outcome: "nothing", rest: NONE };
  tellPlan(opened, kept.plan, ctx);
  const key = keyOf(purge.run, opened.name);
  const sent = await send(opened, kept.plan, key, deps, ctx);
  const { requests, items, usd, failure: error } = sent;
  const ids = sent.receipts.flatMap(({ id }) => id ?? []);
  const counts = { requests, items, changed, dropped, of, ids, ...(usd !== undefined && { usd }) };
  if (error !== undefined) {
    const rest = items === 0 ? scope : pathsLeft(scope, sent.left, opened.addresses);
    return { counts, outcome: "failed", error, rest };
  }
  let times = 1;
  const again = async () => {
    const { failure } = await send(opened, kept.plan, `${key}-again${times++}`, deps, ctx);
    if (failure !== undefined) throw failure;
  };
  const check = await followUp(sent, { opened, scope, again }, purge, ctx);
  return { counts: { ...counts, ...(check && { check }) }, outcome: "done", rest: NONE };
}

/** Waits until it is through, and looks at it; what is stopped then was accepted all the same. */
async function followUp(
  { receipts }: Sent,
  purged: Purged,
  { check }: CdnPurge,
  ctx: Ctx,
): Promise<CheckResult | undefined> {
  try {
    await awaitThrough(purged.opened, receipts, ctx);
    return await check?.(purged, ctx);
  } catch (error) {
    if (ctx.signal.aborted) return undefined;
    throw error;
  }
}

function tellPlan({ name }: OpenedCdn, { batches, ...plan }: PurgePlan, ctx: Ctx): void {
  ctx.emit({ type: "purge-planned", cdn: name, plan, requests: batches.length });
}

/** Sends a plan; what is accepted counts as used this month. */
async function send(
  opened: OpenedCdn,
  { batches }: PurgePlan,
  key: string,
  deps: PlanDeps,
  ctx: Ctx,
): Promise<Sent & { readonly usd: number | undefined }> {
  const { name, cdn } = opened;
  const use = countUse(opened, deps, ctx);
  const sent = await sendPurge({ name, cdn, batches, key, accepted: use.add }, ctx);
  return { ...sent, usd: use.usd() };
}
