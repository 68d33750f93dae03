import { expect, test } from "vitest";
import type { PurgeItem, PurgeRules } from "../../../src/core/purge-rules.ts";
import { createPacer } from "../../../src/deploy/purge/pacer.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const rules: PurgeRules = {
  names: "addresses",
  kinds: {
    exact: { perRequest: 30, pace: { burst: 2, perSecond: 4 }, itemPace: { burst: 60, perSecond: 30 } },
    directory: { perRequest: 30, pace: { burst: 1, perSecond: 0.5 } },
    everything: { perRequest: 1 },
  },
  mixes: true,
  spelling: "normal",
};

const exact = (count: number): PurgeItem[] =>
  Array.from({ length: count }, (_, at) => ({ kind: "exact", path: `/${at}` }));
const directory: PurgeItem = { kind: "directory", path: "/news/" };

/** How long each turn waits when they are all asked for at the same moment. */
async function waits(...requests: PurgeItem[][]): Promise<number[]> {
  const slept: number[] = [];
  const sleep = async (ms: number) => void slept.push(ms);
  const ctx = testCtx({ clock: { now: () => 0, sleep } });
  const pacer = createPacer(rules);
  const times: number[] = [];
  for (const items of requests) {
    slept.length = 0;
    await pacer.turn(items, ctx);
    times.push(slept[0] ?? 0);
  }
  return times;
}

test("what the burst allows begins at once, what comes then waits for its turn", async () => {
  expect(await waits(exact(1), exact(1), exact(1), exact(1))).toEqual([0, 0, 250, 500]);
});

test("items are paced as well as requests, and the slower of the two counts", async () => {
  expect(await waits(exact(30), exact(30), exact(30), exact(30))).toEqual([0, 0, 1000, 2000]);
});

test("each kind has a pace of its own; a mixed request keeps all of them", async () => {
  expect(await waits([directory], exact(1), [directory, ...exact(1)], [{ kind: "everything" }])).toEqual([
    0, 0, 2000, 0,
  ]);
});

test("a rest fills the burst again, and not more", async () => {
  let now = 0;
  const slept: number[] = [];
  const ctx = testCtx({ clock: { now: () => now, sleep: async (ms) => void slept.push(ms) } });
  const pacer = createPacer(rules);
  await pacer.turn(exact(1), ctx);
  now = 3_600_000;
  for (let i = 0; i < 3; i++) await pacer.turn(exact(1), ctx);
  expect(slept).toEqual([250]);
});
