import type { Ctx } from "../../src/core/context.ts";
import type { DeployEvent } from "../../src/core/events.ts";
import { systemClock } from "../../src/lib/clock.ts";

/** A context that keeps what it is told. */
export interface TestCtx extends Ctx {
  /** Everything emitted so far, in order. */
  readonly events: DeployEvent[];
}

/** A context for one test: the real clock and a signal that never aborts, unless others are given. */
export function testCtx(parts: Partial<Pick<Ctx, "signal" | "clock">> = {}): TestCtx {
  const events: DeployEvent[] = [];
  return {
    signal: parts.signal ?? new AbortController().signal,
    clock: parts.clock ?? systemClock,
    emit: (event) => events.push(event),
    events,
  };
}
