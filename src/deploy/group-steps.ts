import type { Ctx } from "../core/context.ts";
import { type SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { PlannedTarget } from "./prepare.ts";

/** A target of a group, and whom it tells what happens to it. */
export interface Member {
  readonly prepared: PlannedTarget;
  readonly ctx: Ctx;
}

/** The targets of a group on which the delivery did not come to its end, by name, and why. */
export type Failures = ReadonlyMap<string, SmartsyncError>;

/** Does a step for the whole group at the same time and gives the failures, once all have ended. */
export async function tryAll<M extends Member>(group: readonly M[], step: (of: M) => Promise<void>): Promise<Failures> {
  const failures = new Map<string, SmartsyncError>();
  const attempt = async (of: M) => {
    try {
      await step(of);
    } catch (error) {
      failures.set(of.prepared.name, toSmartsyncError(error));
    }
  };
  await Promise.all(group.map(attempt));
  return failures;
}

/** The same, where the first failure stops the others: whoever ends because of that has no failure of its own. */
export function tryTogether<M extends Member>(
  group: readonly M[],
  signal: AbortSignal,
  step: (of: M, stop: AbortSignal) => Promise<void>,
): Promise<Failures> {
  const stop = new AbortController();
  return tryAll(group, async (of) => {
    try {
      await step(of, stop.signal);
    } catch (error) {
      const isFirst = !stop.signal.aborted;
      stop.abort();
      if (isFirst || signal.aborted || toSmartsyncError(error).kind !== "aborted") throw error;
    }
  });
}
