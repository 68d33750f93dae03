import type { Ctx } from "../core/context.ts";
import type { TargetResult } from "../core/events.ts";
import { bindPlans } from "./bind-plans.ts";
import { needsDelivery } from "./deliver.ts";
import { deliverAll } from "./deliver-all.ts";
import { heldBack } from "./group-errors.ts";
import type { DeployDeps, Job, RunReport } from "./job.ts";
import { prepare } from "./prepare.ts";
import { recordRun } from "./record-run.ts";
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

async function walk(job: Job, run: string, deps: DeployDeps, ctx: Ctx): Promise<TargetResult[]> {
  await using prepared = await prepare(job, "write", deps, ctx);
  const { publish, failed } = prepared;
  const targets = job.plans === undefined ? prepared.ready : bindPlans(prepared.ready, job.plans);
  const tell = (result: TargetResult): TargetResult => {
    ctx.emit({ type: "target-done", result });
    return result;
  };
  const unseen = failed.map(({ name, failure }) => tell(untouched(name, "failed", failure)));
  if (targets.some(({ plan }) => plan.refusals.length > 0)) {
    return [...unseen, ...targets.map((target) => tell(refused(target)))];
  }
  const busy = targets.filter(needsDelivery);
  const idle = targets.filter((target) => !needsDelivery(target));
  const isHeld = publish === "together" && failed.length > 0;
  if (!isHeld && busy.length > 0 && !(await deps.approve(busy.map(({ plan }) => plan)))) {
    return targets.map(({ name }) => tell(untouched(name, "aborted")));
  }
  const still = idle.map((target) => tell(startTally(target, ctx).result("unchanged")));
  if (isHeld) {
    const because = failed.map(({ name, failure }) => `${name}: ${failure.message}`).join("; ");
    const failure = toFailure(heldBack(because), deps.redactor);
    return [...unseen, ...still, ...busy.map(({ name }) => tell(untouched(name, "failed", failure)))];
  }
  const why = { run, trigger: job.trigger };
  return [...unseen, ...still, ...(await deliverAll(busy, { why, publish, redactor: deps.redactor }, ctx))];
}
