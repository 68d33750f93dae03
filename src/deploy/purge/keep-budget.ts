import type { Ctx } from "../../core/context.ts";
import { purgeEverything } from "../../core/plan-purge.ts";
import { judgeBudget } from "../../core/purge-budget.ts";
import type { PurgeInput, PurgePlan } from "../../core/purge-plan.ts";
import { monthOf } from "../../state/purge-usage.ts";
import type { PlanDeps } from "../job.ts";
import type { OpenedCdn } from "./open-cdns.ts";

/** What is done of a plan within the month's budget. */
export interface Kept {
  readonly verdict: "go" | "waiting" | "skipped";
  readonly plan: PurgePlan;
}

const INSTEAD = {
  wait: "it waits until the next month",
  everything: "everything is dropped in one item instead",
  skip: "it is not purged: visitors may be given old pages",
};

/** Holds a plan against the month's budget; that this is nearly spent, or would be overdrawn, is a warning. */
export function keepBudget(
  opened: OpenedCdn,
  plan: PurgePlan,
  input: PurgeInput,
  { state }: Pick<PlanDeps, "state">,
  ctx: Ctx,
): Kept {
  const { name, settings } = opened;
  const { budget } = settings;
  const spent = state.purgeUsage.of(name, monthOf(ctx.clock.now())).usd;
  const verdict = judgeBudget(plan, budget, spent);
  const money = `${(spent + (plan.usd ?? 0)).toFixed(3)} of ${budget?.usd} USD`;
  const warn = (message: string) => ctx.emit({ type: "warning", code: "purge-budget", message });
  if (verdict.do !== "go") {
    warn(`the purge of ${name} would bring this month's to ${money}: ${INSTEAD[verdict.do]}`);
    if (verdict.do === "everything") return { verdict: "go", plan: purgeEverything(input) };
    return { verdict: verdict.do === "wait" ? "waiting" : "skipped", plan };
  }
  if (verdict.isNearlySpent) warn(`with this purge of ${name}, this month's cost ${money}`);
  return { verdict: "go", plan };
}
