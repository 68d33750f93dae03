import type { Ctx } from "../core/context.ts";
import type { Failure, Outcome, TargetResult } from "../core/events.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import { bindPlans } from "./bind-plans.ts";
import { deliver, needsDelivery } from "./deliver.ts";
import type { DeployDeps, Job, RunReport } from "./job.ts";
import { keepHistory } from "./keep-history.ts";
import { outcomeOf } from "./outcome.ts";
import { type Prepared, type PreparedTarget, prepare } from "./prepare.ts";
import { makeRunId } from "./run-id.ts";
import { toFailure } from "./to-failure.ts";

/**
 * Makes one delivery: the only road, whatever triggered it. Resolves with how it went, target by target; throws only
 * when nothing could be begun (a configuration or a source that can't be used), with every target untouched.
 */
export async function deploy(job: Job, deps: DeployDeps, outer: Ctx): Promise<RunReport> {
  const startedAt = outer.clock.now();
  const run = makeRunId(startedAt);
  const history = keepHistory(deps.state.runs, run, job, outer);
  const { ctx } = history;
  const targets = [...(job.targets ?? deps.config.sites[job.site]?.targets ?? [])];
  const at = new Date(startedAt).toISOString();
  ctx.emit({ type: "run-started", run, site: job.site, targets, trigger: job.trigger, at });
  try {
    return finish(await walk(job, run, deps, ctx));
  } catch (error) {
    const failure = toFailure(error, deps.redactor);
    const outcome = ctx.signal.aborted ? "aborted" : failure.kind === "refused" ? "refused" : "failed";
    const report = finish(targets.map((target) => untouched(target, outcome, failure)));
    if (ctx.signal.aborted) return report;
    throw error;
  }

  function finish(results: readonly TargetResult[]): RunReport {
    const outcome = outcomeOf(results.map((result) => result.outcome));
    const seconds = (ctx.clock.now() - startedAt) / 1000;
    const report = { run, site: job.site, outcome, seconds, targets: results };
    ctx.emit({ type: "done", ...report });
    history.finish(report);
    return report;
  }
}

async function walk(job: Job, run: string, deps: DeployDeps, ctx: Ctx): Promise<TargetResult[]> {
  await using prepared = await prepare(job, "write", deps, ctx);
  const targets = job.plans === undefined ? prepared.ready : bindPlans(prepared.ready, job.plans);
  const failed = prepared.failed.map(({ name, failure }) => told(ctx, untouched(name, "failed", failure)));
  if (targets.some(({ plan }) => plan.refusals.length > 0)) {
    return [...failed, ...targets.map((target) => told(ctx, refused(target)))];
  }
  const busy = targets.filter(needsDelivery);
  const idle = targets.filter((target) => !needsDelivery(target));
  if (busy.length > 0 && !(await deps.approve(busy.map(({ plan }) => plan)))) {
    return targets.map(({ name }) => told(ctx, untouched(name, "aborted")));
  }
  const still = idle.map((target) => told(ctx, result(target, "unchanged", emptyTally(ctx))));
  const delivered = await Promise.all(busy.map((target) => deliverOne(target, prepared, run, job, deps, ctx)));
  return [...failed, ...still, ...delivered];
}

async function deliverOne(
  target: PreparedTarget,
  { source }: Prepared,
  run: string,
  job: Job,
  deps: DeployDeps,
  ctx: Ctx,
): Promise<TargetResult> {
  const tally = emptyTally(ctx);
  const counting: Ctx = {
    ...ctx,
    emit(event) {
      if (event.type === "file-put") {
        tally.uploaded++;
        tally.bytes += event.size;
      } else if (event.type === "file-deleted") tally.deleted++;
      ctx.emit(event);
    },
  };
  try {
    await deliver(target, source, { run, trigger: job.trigger }, counting);
    return told(ctx, result(target, "done", tally));
  } catch (error) {
    return told(ctx, result(target, outcomeFor(error, ctx), tally, toFailure(error, deps.redactor)));
  }
}

function outcomeFor(error: unknown, ctx: Ctx): Outcome {
  if (ctx.signal.aborted) return "aborted";
  return toSmartsyncError(error).code === "locked" ? "locked" : "failed";
}

interface Tally {
  uploaded: number;
  deleted: number;
  bytes: number;
  /** Seconds since the delivery to this target began. */
  seconds(): number;
}

function emptyTally(ctx: Ctx): Tally {
  const startedAt = ctx.clock.now();
  return { uploaded: 0, deleted: 0, bytes: 0, seconds: () => (ctx.clock.now() - startedAt) / 1000 };
}

function result({ name, plan }: PreparedTarget, outcome: Outcome, tally: Tally, failure?: Failure): TargetResult {
  const { uploaded, deleted, bytes } = tally;
  const { unchanged } = plan.totals;
  const sums = { target: name, outcome, uploaded, deleted, unchanged, bytes, seconds: tally.seconds() };
  return failure === undefined ? sums : { ...sums, failure };
}

function untouched(target: string, outcome: Outcome, failure?: Failure): TargetResult {
  const sums = { target, outcome, uploaded: 0, deleted: 0, unchanged: 0, bytes: 0, seconds: 0 };
  return failure === undefined ? sums : { ...sums, failure };
}

function refused({ name, plan }: PreparedTarget): TargetResult {
  const [first] = plan.refusals;
  if (first === undefined) return untouched(name, "refused");
  const message = plan.refusals.map((refusal) => refusal.message).join("; ");
  const allow = [...new Set(plan.refusals.map(({ guard }) => `--allow ${guard}`))].join(" ");
  const hint = `nothing was touched on any target; once you are sure: ${allow}`;
  return untouched(name, "refused", { kind: "refused", code: first.guard, message, hint });
}

function told(ctx: Ctx, result: TargetResult): TargetResult {
  ctx.emit({ type: "target-done", result });
  return result;
}
