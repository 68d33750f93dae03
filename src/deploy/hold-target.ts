import type { Ctx } from "../core/context.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { type Lock, takeLock } from "./lock.ts";
import { hasMoved } from "./observe.ts";
import type { PlannedTarget } from "./prepare.ts";

/** What a delivery says of itself in locks and records. */
export interface Why {
  readonly run: string;
  /** What started it: "push". */
  readonly trigger: string;
}

/** Takes a prepared target's lock. The context that comes with it aborts when the lock is lost. */
export async function holdTarget({ name, target }: PlannedTarget, why: Why, ctx: Ctx): Promise<[Lock, Ctx]> {
  const lock = await takeLock(target, why, ctx);
  ctx.emit({ type: "locked", target: name, tookOver: lock.tookOver });
  return [lock, { ...ctx, signal: AbortSignal.any([ctx.signal, lock.lost]) }];
}

/** Throws "target-moved" (kind conflict) when somebody delivered to the target since the plan was made. */
export async function checkUnmoved(
  { target, observed }: Pick<PlannedTarget, "target" | "observed">,
  ctx: Ctx,
): Promise<void> {
  if (!(await hasMoved(target, observed, ctx))) return;
  throw new SmartsyncError("the target has changed since the plan was made", {
    kind: "conflict",
    code: "target-moved",
    hint: "nothing was touched; make a new plan",
  });
}
