import { expect, test } from "vitest";
import { awaitThrough } from "../../../src/deploy/purge/await-through.ts";
import type { OpenedCdn } from "../../../src/deploy/purge/open-cdns.ts";
import { PLAIN_RULES } from "../../doubles/memory-cdn.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

/** A CDN that is waited for, and says this. */
function waitedFor(isThrough: (id: string | undefined) => boolean, wait = 60): OpenedCdn {
  return {
    name: "edge",
    cdn: {
      rules: PLAIN_RULES,
      purge: async () => ({}),
      isThrough: async ({ id }) => isThrough(id),
      async [Symbol.asyncDispose]() {},
    },
    addresses: { baseUrls: ["https://www.example.jp/"], cleanUrls: "none" },
    targets: ["web1"],
    settings: { wait, tolerance: { seconds: 30, usd: 0 }, budget: undefined },
  };
}

/** A context whose time only moves while somebody sleeps. */
function sleepingCtx() {
  let now = 0;
  const pauses: number[] = [];
  const sleep = async (ms: number) => {
    pauses.push(ms);
    now += ms;
  };
  return { ...testCtx({ clock: { now: () => now, sleep } }), pauses };
}

test("it is asked for with growing pauses until every request is through", async () => {
  let looks = 0;
  const ctx = sleepingCtx();
  await awaitThrough(
    waitedFor((id) => id === "first" || ++looks > 4),
    [{ id: "first" }, { id: "second" }],
    ctx,
  );
  expect(ctx.pauses).toEqual([2_000, 3_000, 4_500, 6_750]);
  expect(ctx.events).toEqual([]);
});

test("what is not through in time is a warning", async () => {
  const ctx = sleepingCtx();
  await awaitThrough(
    waitedFor(() => false, 100),
    [{ id: "first" }],
    ctx,
  );
  expect(ctx.pauses.reduce((sum, ms) => sum + ms, 0)).toBe(100_000);
  expect(Math.max(...ctx.pauses)).toBe(20_000);
  expect(ctx.events).toMatchObject([{ type: "warning", code: "purge-slow" }]);
});

test("that nobody can tell is a warning as well, and nothing is asked where nobody waits", async () => {
  const failing = () => {
    throw new Error("no answer");
  };
  const ctx = sleepingCtx();
  await awaitThrough(waitedFor(failing, 0), [{}], ctx);
  expect(ctx.events).toEqual([]);
  await awaitThrough(waitedFor(failing), [{}], ctx);
  expect(ctx.events).toMatchObject([{ code: "purge-slow", message: expect.stringContaining("no answer") }]);
});
