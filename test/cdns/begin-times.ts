import type { PurgeItem, PurgeRules } from "../../src/core/purge-rules.ts";
import { createPacer } from "../../src/deploy/purge/pacer.ts";
import { testCtx } from "../doubles/test-ctx.ts";

/** When each of these requests begins, in seconds, if they are sent as fast as the rules allow and answered at once. */
export async function beginTimes(rules: PurgeRules, batches: readonly (readonly PurgeItem[])[]): Promise<number[]> {
  let now = 0;
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
    },
  };
  const pacer = createPacer(rules);
  const times: number[] = [];
  for (const batch of batches) {
    await pacer.turn(batch, testCtx({ clock }));
    times.push(now / 1000);
  }
  return times;
}

/** Whether a token bucket lets all of these through: each takes so many tokens at that second. */
export function fitsBucket(
  takes: readonly (readonly [second: number, tokens: number])[],
  burst: number,
  perSecond: number,
) {
  let tokens = burst;
  let last = 0;
  return takes.every(([second, count]) => {
    tokens = Math.min(burst, tokens + (second - last) * perSecond) - count;
    last = second;
    return tokens >= -1e-6;
  });
}

/** The most of anything within any stretch of so many seconds. */
export function mostWithin(takes: readonly (readonly [second: number, count: number])[], seconds: number): number {
  return Math.max(
    ...takes.map(([from]) =>
      takes.reduce((sum, [at, count]) => (at >= from && at < from + seconds ? sum + count : sum), 0),
    ),
  );
}
