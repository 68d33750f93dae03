import type { Ctx } from "../core/context.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Source } from "../site/source.ts";
import { applyPlan } from "./apply.ts";
import { openLedger } from "./ledger.ts";
import { takeLock } from "./lock.ts";
import { observe } from "./observe.ts";
import type { PreparedTarget } from "./prepare.ts";

/** True when there is something to do: a change, or what an interrupted delivery left behind. */
export function needsDelivery({ plan, observed }: PreparedTarget): boolean {
  return plan.phases.length > 0 || observed.interrupted !== null;
}

/**
 * Carries a plan out on its target: lock, intent, phases, manifest. Nothing is touched when the target has moved since
 * the plan was made ("target-moved", kind conflict) or somebody else is delivering ("locked", kind refused).
 */
export async function deliver(
  prepared: PreparedTarget,
  source: Source,
  why: { run: string; trigger: string },
  ctx: Ctx,
): Promise<void> {
  const { name, target, plan, cache } = prepared;
  await using lock = await takeLock(target, why, ctx);
  ctx.emit({ type: "locked", target: name, tookOver: lock.tookOver });
  const guarded: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, lock.lost]) };
  const observed = await observe(target, cache, guarded);
  if (observed.snapshot.state !== plan.base.targetState) throw targetMoved();
  await using ledger = await openLedger({ target, observed, plan, run: why.run, cache }, guarded);
  await applyPlan({ name, plan, source, target, lock, ledger }, guarded);
  await lock.check(guarded);
  await ledger.finish(guarded);
}

function targetMoved(): SmartsyncError {
  return new SmartsyncError("the target has changed since the plan was made", {
    kind: "conflict",
    code: "target-moved",
    hint: "nothing was touched; make a new plan",
  });
}
