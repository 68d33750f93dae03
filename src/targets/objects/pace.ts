import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";

/** The wait after a store first said that it is asked too much; each further one is twice as long, up to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 8_000;
/** So many waits without one success in between: about half a minute. Then the store's answer is the caller's. */
const MOST_IN_VAIN = 9;
/** How much of a place more there is after as many successes as there were places. */
const GROWTH = 0.5;
/** People are told no more often than this. */
const TELL_EVERY_MS = 10_000;

/** Runs a call to a store when there is room for it, and again when the store says "slow-down"; `once`: not again. */
export type Pace = <T>(ctx: Ctx, call: () => Promise<T>, once?: "once") => Promise<T>;

/**
 * Adapts how many calls are in flight to what a store takes: at most `most`; when it says "slow-down" half as many,
 * after a wait; and again more with every success. `name` is the target's, for the events that tell of it.
 */
export function createPace(name: string, most: number): Pace {
  /** How many may be in flight. */
  let places = most;
  let inFlight = 0;
  let isPaused = false;
  /** How often the places were halved: calls begun before the last time say nothing new. */
  let cuts = 0;
  let inVain = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const waiting: (() => void)[] = [];

  /** Takes a place; undefined when there was one at once. */
  function enter(): Promise<void> | undefined {
    if (waiting.length > 0 || !hasRoom()) return new Promise((resolve) => waiting.push(resolve));
    inFlight++;
    return undefined;
  }

  function leave(): void {
    inFlight--;
    admit();
  }

  /** Those who wait are given their places, so that nobody who comes in between takes one. */
  function admit(): void {
    while (waiting.length > 0 && hasRoom()) {
      inFlight++;
      waiting.shift()?.();
    }
  }

  function hasRoom(): boolean {
    return !isPaused && inFlight < Math.floor(places);
  }

  function succeed(begun: number): void {
    if (begun !== cuts) return;
    inVain = 0;
    if (places < most) places = Math.min(most, places + GROWTH / places);
  }

  /** Halves the places and makes everybody wait; true when whoever was told may try again. Whoever may not waits for nothing. */
  function slowDown(error: SmartsyncError, begun: number, ctx: Ctx): boolean {
    if (begun === cuts) {
      cuts++;
      inVain++;
      places = Math.max(1, Math.floor(Math.min(places, inFlight) / 2));
      if (inVain >= MOST_IN_VAIN) return false;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (inVain - 1), LONGEST_WAIT_MS) * (1 - Math.random() / 4);
      tell(error.message, waitMs, ctx);
      void pause(waitMs, ctx);
    }
    return inVain < MOST_IN_VAIN;
  }

  /** Ends early when the caller is stopped: those who wait look at their own signals. */
  async function pause(ms: number, { clock, signal }: Ctx): Promise<void> {
    isPaused = true;
    await Promise.allSettled([clock.sleep(ms, signal)]);
    isPaused = false;
    admit();
  }

  function tell(reason: string, waitMs: number, ctx: Ctx): void {
    const now = ctx.clock.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    toldAt = now;
    if (waitMs < 1_000) ctx.emit({ type: "limit-learned", target: name, connections: places, reason });
    else ctx.emit({ type: "retry", target: name, doing: "go on", attempt: inVain, waitSeconds: waitMs / 1000, reason });
  }

  return async (ctx, call, once) => {
    for (;;) {
      throwIfAborted(ctx.signal);
      const turn = enter();
      if (turn) await turn;
      const begun = cuts;
      try {
        throwIfAborted(ctx.signal);
        const result = await call();
        succeed(begun);
        return result;
      } catch (error) {
        if (!isSlowDown(error) || !slowDown(error, begun, ctx) || once) throw error;
      } finally {
        leave();
      }
    }
  };
}

function isSlowDown(error: unknown): error is SmartsyncError {
  return error instanceof SmartsyncError && error.code === "slow-down";
}
