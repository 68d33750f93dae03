import type { Ctx } from "../core/context.ts";
import type { TargetResult } from "../core/events.ts";
import { bindPlans } from "./bind-plans.ts";
import { needsDelivery } from "./deliver.ts";
import { deliverAll } from "./deliver-all.ts";
import { heldBack } from "./group-errors.ts";
import type { DeployDeps, Job, RunReport } from "./job.ts";
import { type Prepared, type PreparedTarget, prepare } from "./prepare.ts";
import { checkerOf } from "./purge/check-purged.ts";
import { originOf, owePurges } from "./purge/owe-purges.ts";
import { purgeAll } from "./purge/purge-all.ts";
import { rollBackTargets } from "./purge/roll-back-targets.ts";
import { trackPublished } from "./purge/track-published.ts";
import { type RunEnd, recordRun } from "./record-run.ts";
import { refused, startTally, untouched } from "./target-result.ts";
import { toFailure } from "./to-failure.ts";

/**
 * Makes one delivery: the only road, whatever triggered it. Resolves with how it went, target by target; throws only
 * when nothing could be begun (a configuration or a source that can't be used), with every target untouched.
 */
export async function deploy(job: Job, deps: DeployDeps, outer: Ctx): Promise<RunReport> {
  const targets = job.targets ?? deps.config.sites[job.site]?.targets ?? [];
  return recordRun({ ...job, targets }, deps, outer, (run, ctx) => walk(job, run, deps, ctx));
}

async function walk(job: Job, run: string, deps: DeployDeps, ctx: Ctx): Promise<RunEnd> {
  await using prepared = await prepare(job, "write", deps, ctx);
  const { settings, failed } = prepared;
  const targets = job.plans === undefined ? prepared.ready : bindPlans(prepared.ready, job.plans);
  const tell = (result: TargetResult): TargetResult => {
    ctx.emit({ type: "target-done", result });
    return result;
  };
  const unseen = failed.map(({ name, failure }) => tell(untouched(name, "failed", failure)));
  if (targets.some(({ plan }) => plan.refusals.length > 0)) {
    return { targets: [...unseen, ...targets.map((target) => tell(refused(target)))] };
  }
  const busy = targets.filter(needsDelivery);
  const idle = targets.filter((target) => !needsDelivery(target));
  const isHeld = settings.publish === "together" && failed.length > 0;
  if (!isHeld && busy.length > 0 && !(await deps.approve(busy.map(({ plan }) => plan)))) {
    return { targets: targets.map(({ name }) => tell(untouched(name, "aborted"))) };
  }
  const still = idle.map((target) => tell(startTally(target, ctx).result("unchanged")));
  const because = failed.map(({ name, failure }) => `${name}: ${failure.message}`).join("; ");
  const failure = toFailure(heldBack(because), deps.redactor);
  const held = isHeld ? busy.map(({ name }) => tell(untouched(name, "failed", failure))) : [];
  const due = isHeld ? { busy: [], others: targets } : { busy, others: idle };
  const end = await publishAll({ prepared, ...due, job, run }, deps, ctx);
  return { ...end, targets: [...unseen, ...still, ...held, ...end.targets] };
}

interface Publishing {
  readonly prepared: Prepared;
  /** What is delivered to. */
  readonly busy: readonly PreparedTarget[];
  /** What is not, and may have notes of purges. */
  readonly others: readonly PreparedTarget[];
  readonly job: Job;
  readonly run: string;
}

/** Delivers where something is to be delivered, and purges each CDN as soon as the last target that it reads from has ended. */
async function publishAll(
  { prepared, busy, others, job, run }: Publishing,
  deps: DeployDeps,
  ctx: Ctx,
): Promise<RunEnd> {
  const { cdns, settings, snapshot } = prepared;
  const { site, trigger } = job;
  const tracker = trackPublished(ctx);
  const owing = owePurges(busy, cdns, { run, site }, ctx).map((target) => tracker.on(target));
  const ends = deliverAll(
    owing,
    { why: { run, trigger }, publish: settings.publish, redactor: deps.redactor },
    tracker.ctx,
  );
  const origins = [...owing, ...others].map((target) => originOf(target, ends, tracker));
  const { files } = snapshot;
  const check = checkerOf({ settings, files, rollBack: rollBackTargets(site, deps) });
  const [targets, purges] = await Promise.all([
    Promise.all(ends.values()),
    purgeAll({ run, site, cdns, origins, files, check }, deps, ctx),
  ]);
  return { targets, ...(cdns.length > 0 && { purges }) };
}
