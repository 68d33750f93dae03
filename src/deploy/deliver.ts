import type { Ctx } from "../core/context.ts";
import { atOnce } from "../lib/at-once.ts";
import type { Source } from "../site/source.ts";
import { applyPlan } from "./apply.ts";
import { checkUnmoved, holdTarget, type Why } from "./hold-target.ts";
import { runHooks } from "./hooks.ts";
import { openLedger } from "./ledger.ts";
import type { PreparedTarget } from "./prepare.ts";

/** True when there is something to do: a change, or what an interrupted delivery left behind. */
export function needsDelivery({ plan, observed }: PreparedTarget): boolean {
  return plan.phases.length > 0 || observed.interrupted !== null;
}

/**
 * Carries a plan out on its target, each file becoming visible as it is sent: lock, intent, phases, manifest. Nothing
 * is touched when the target has moved since the plan was made ("target-moved", kind conflict) or somebody else is
 * delivering ("locked", kind refused).
 */
export async function deliver(prepared: PreparedTarget, source: Source, why: Why, ctx: Ctx): Promise<void> {
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
  await applyPlan({ prepared, source, lock, ledger }, guarded);
  await ledger.finish();
  await runHooks(name, target, "after", guarded);
  // Nothing names the old records any more: whoever takes the lock next is not in their way.
  await Promise.all([ledger[Symbol.asyncDispose](), lock[Symbol.asyncDispose]()]);
}
