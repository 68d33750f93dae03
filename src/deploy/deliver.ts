import type { Ctx } from "../core/context.ts";
import { atOnce } from "../lib/at-once.ts";
import { applyPlan } from "./apply.ts";
import { checkUnmoved, holdTarget, type Why } from "./hold-target.ts";
import { runHooks } from "./hooks.ts";
import { openLedger } from "./ledger.ts";
import type { PlannedTarget, PreparedTarget } from "./prepare.ts";

/** True when there is something to do: a change, what an interrupted delivery left behind, or news for the records. */
export function needsDelivery({ plan, observed: { interrupted, found } }: PlannedTarget): boolean {
  return plan.phases.length > 0 || plan.keeping !== undefined || interrupted !== null || found?.isNews === true;
}

/**
 * Carries a plan out on its target, each file becoming visible as it is sent: lock, intent, phases, manifest. Nothing
 * is touched when the target has moved since the plan was made ("target-moved", kind conflict) or somebody else is
 * delivering ("locked", kind refused).
 */
export async function deliver(prepared: PreparedTarget, why: Why, ctx: Ctx): Promise<void> {
  const { name, target } = prepared;
  const [held, guarded] = await holdTarget(prepared, why, ctx);
  await using lock = held;
  await using ledger = openLedger({ ...prepared, lock, run: why.run }, guarded);
  await atOnce(
    guarded.signal,
    (signal) => checkUnmoved(prepared, { ...guarded, signal }),
    () => ledger.draft(),
  );
  await runHooks(name, target, "before", guarded);
  await ledger.begin();
  await applyPlan({ prepared, lock, ledger }, guarded);
  await ledger.finish();
  await runHooks(name, target, "after", guarded);
  // Nothing names the old records any more: whoever takes the lock next is not in their way.
  await Promise.all([ledger[Symbol.asyncDispose](), lock[Symbol.asyncDispose]()]);
}
