import type { PurgePlan } from "./purge-plan.ts";

/** What purges may cost in a month, and what is done beyond that. */
export interface PurgeBudget {
  readonly usd: number;
  readonly over: "wait" | "everything" | "skip";
}

/** From this share of the budget on a warning is due. */
const NEARLY = 0.8;

/** What is to be done of a plan, and whether the budget is nearly spent with it. */
export interface BudgetVerdict {
  readonly do: "go" | PurgeBudget["over"];
  readonly isNearlySpent: boolean;
}

/** Holds what a plan costs, and what was spent this month, against the budget. What costs nothing is always done. */
export function judgeBudget(
  { usd = 0 }: Pick<PurgePlan, "usd">,
  budget: PurgeBudget | undefined,
  spentUsd: number,
): BudgetVerdict {
  if (budget === undefined || usd === 0) return { do: "go", isNearlySpent: false };
  const then = spentUsd + usd;
  return { do: then > budget.usd ? budget.over : "go", isNearlySpent: then >= budget.usd * NEARLY };
}
