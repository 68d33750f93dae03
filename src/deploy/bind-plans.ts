import type { Plan } from "../core/plan.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { PreparedTarget } from "./prepare.ts";

/**
 * Puts plans made earlier in the place of the ones made just now. Throws ("plan-outdated", kind refused) when the
 * source or a target is not what such a plan was made from: what was shown is what is done, or nothing.
 */
export function bindPlans(targets: readonly PreparedTarget[], plans: readonly Plan[]): PreparedTarget[] {
  return plans.map((plan) => {
    const target = targets.find(({ name }) => name === plan.target);
    if (target === undefined) throw outdated(plan, `the target "${plan.target}" could not be looked at`);
    const { base } = target.plan;
    if (base.sourceHash !== plan.base.sourceHash) throw outdated(plan, "the source has changed since it was made");
    if (base.targetState !== plan.base.targetState) throw outdated(plan, "the target has changed since it was made");
    return { ...target, plan };
  });
}

function outdated(plan: Plan, why: string): SmartsyncError {
  return new SmartsyncError(`the plan for "${plan.target}" is out of date: ${why}`, {
    kind: "refused",
    code: "plan-outdated",
    hint: "nothing was touched; make a new plan with `smartsync plan --out`",
  });
}
