import type { Ctx } from "../core/context.ts";
import type { Failure, Outcome, TargetResult } from "../core/events.ts";
import type { PlannedTarget } from "./prepare.ts";

/** What has been done to a target so far, counted from what is told of it. */
export interface Tally {
  /** The context to deliver with: passes everything on, and counts. */
  readonly ctx: Ctx;
  /** How the target ended, with what was counted. */
  result(outcome: Outcome, failure?: Failure): TargetResult;
}

/** Starts to count what is done to a target, and the time. */
export function startTally({ name, plan }: PlannedTarget, ctx: Ctx): Tally {
  const startedAt = ctx.clock.now();
  const counts = { uploaded: 0, deleted: 0, bytes: 0 };
  let headers = 0;
  return {
    ctx: {
      ...ctx,
      emit(event) {
        if (event.type === "file-put" && event.headersOnly) headers++;
        else if (event.type === "file-put") {
          counts.uploaded++;
          counts.bytes += event.size;
        } else if (event.type === "file-deleted") counts.deleted++;
        else if (event.type === "reverted") {
          Object.assign(counts, { uploaded: 0, deleted: 0, bytes: 0 });
          headers = 0;
        }
        ctx.emit(event);
      },
    },
    result(outcome, failure) {
      const { unchanged, kept } = plan.totals;
      const seconds = (ctx.clock.now() - startedAt) / 1000;
      const more = { ...(headers > 0 && { headers }), ...(kept && { kept }), ...(failure && { failure }) };
      return { target: name, outcome, ...counts, unchanged, seconds, ...more };
    },
  };
}

/** The result of a target that nothing was done to. */
export function untouched(target: string, outcome: Outcome, failure?: Failure): TargetResult {
  const sums = { target, outcome, uploaded: 0, deleted: 0, unchanged: 0, bytes: 0, seconds: 0 };
  return failure === undefined ? sums : { ...sums, failure };
}

/** The result of a target whose plan is refused, or that is left alone because another one's is. */
export function refused({ name, plan }: PlannedTarget): TargetResult {
  const [first] = plan.refusals;
  if (first === undefined) return untouched(name, "refused");
  const message = plan.refusals.map((refusal) => refusal.message).join("; ");
  const allow = [...new Set(plan.refusals.map(({ guard }) => `--allow ${guard}`))].join(" ");
  const hint = `nothing was touched on any target; once you are sure: ${allow}`;
  return untouched(name, "refused", { kind: "refused", code: first.guard, message, hint });
}
