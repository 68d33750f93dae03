import type { Ctx } from "../core/context.ts";
import type { Outcome, TargetResult } from "../core/events.ts";
import type { PlanDeps, RunReport } from "./job.ts";
import { keepHistory } from "./keep-history.ts";
import { outcomeOf } from "./outcome.ts";
import { makeRunId } from "./run-id.ts";
import { untouched } from "./target-result.ts";
import { toFailure } from "./to-failure.ts";

/** What the history says of a run. */
export interface RunSubject {
  readonly site: string;
  readonly targets: readonly string[];
  readonly trigger: string;
}

/** What a run came to. */
export type RunEnd = Pick<RunReport, "targets" | "purges">;

/**
 * Does a run's work under a new name and remembers all of it. Resolves with how it went, target by target; what the
 * work throws is thrown on once it is remembered, unless the run was stopped.
 */
export async function recordRun(
  { site, targets, trigger }: RunSubject,
  deps: PlanDeps,
  outer: Ctx,
  work: (run: string, ctx: Ctx) => Promise<RunEnd>,
): Promise<RunReport> {
  const startedAt = outer.clock.now();
  const run = makeRunId(startedAt);
  const history = keepHistory(deps.state.runs, run, { site, trigger }, deps.redactor, outer);
  const { ctx } = history;
  const at = new Date(startedAt).toISOString();
  ctx.emit({ type: "run-started", run, site, targets: [...targets], trigger, at });
  try {
    return finish(await work(run, ctx));
  } catch (error) {
    const failure = toFailure(error, deps.redactor);
    const outcome = ctx.signal.aborted ? "aborted" : failure.kind === "refused" ? "refused" : "failed";
    const report = finish({ targets: targets.map((target) => untouched(target, outcome, failure)) }, outcome);
    if (ctx.signal.aborted) return report;
    throw error;
  }

  function finish(end: RunEnd, outcome = outcomeOf(end.targets.map(endOf), end.purges)): RunReport {
    const seconds = (ctx.clock.now() - startedAt) / 1000;
    const report = { run, site, outcome, seconds, ...end };
    ctx.emit({ type: "done", ...report });
    history.finish(report);
    return report;
  }
}

function endOf({ outcome }: TargetResult): Outcome {
  return outcome;
}
