import { setTimeout as delay } from "node:timers/promises";

/** The real clock: milliseconds since the epoch, and a sleep that ends early (rejecting) when the signal aborts. */
export const systemClock = {
  now: (): number => Date.now(),
  sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
