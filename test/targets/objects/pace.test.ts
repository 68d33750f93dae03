import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Clock } from "../../../src/core/context.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { createPace } from "../../../src/targets/objects/pace.ts";
import { type TestCtx, testCtx } from "../../doubles/test-ctx.ts";

// The clock of these tests is moved by hand: what takes a minute takes no time.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

/** A store that answers after 20 ms, and takes so many requests a second, or so many at once. */
function limitedStore(limits: { perSecond?: number; atOnce?: number }) {
  let tokens = 0;
  let countedAt = Date.now();
  const seen = { answered: 0, refused: 0, inFlight: 0, most: 0 };
  const request = async () => {
    const { perSecond = Number.POSITIVE_INFINITY, atOnce = Number.POSITIVE_INFINITY } = limits;
    const now = Date.now();
    if (perSecond < Number.POSITIVE_INFINITY) {
      tokens = Math.min(perSecond / 5, tokens + ((now - countedAt) / 1000) * perSecond);
    } else tokens = 1;
    countedAt = now;
    const isRefused = tokens < 1 || seen.inFlight >= atOnce;
    if (isRefused) seen.refused++;
    else {
      tokens--;
      seen.inFlight++;
      seen.most = Math.max(seen.most, seen.inFlight);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (isRefused) throw slowDown();
    seen.inFlight--;
    seen.answered++;
  };
  return { limits, seen, request };
}

function slowDown(): SmartsyncError {
  return new SmartsyncError("the store says SlowDown", { kind: "transient", code: "slow-down" });
}

/** Keeps so many callers busy for some seconds; gives how many requests a second got through. */
async function rate(request: () => Promise<void>, seconds: number): Promise<number> {
  let through = 0;
  let working = true;
  const callers = Array.from({ length: 48 }, async () => {
    while (working) {
      await request();
      through++;
    }
  });
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  working = false;
  const got = through;
  const ended = Promise.all(callers);
  await vi.advanceTimersByTimeAsync(60_000);
  await ended;
  return got / seconds;
}

function limitsTold({ events }: TestCtx): string[] {
  return events.map(({ type }) => type).filter((type) => type === "limit-learned" || type === "retry");
}

test("a store that sets no limit gets as many at once as it likes, and nothing is told", async () => {
  const ctx = testCtx({ clock });
  const pace = createPace("bucket", 32);
  const store = limitedStore({});
  expect(await rate(() => pace(ctx, store.request), 5)).toBeGreaterThan(32 * 50 * 0.95);
  expect(store.seen.most).toBe(32);
  expect(ctx.events).toEqual([]);
});

for (const perSecond of [20, 100, 500, 1_000]) {
  test(`a store that takes ${perSecond} a second gets nearly that, and recovers when it takes more`, async () => {
    const ctx = testCtx({ clock });
    const pace = createPace("bucket", 32);
    const store = limitedStore({ perSecond });
    const request = () => pace(ctx, store.request);
    expect(await rate(request, 20)).toBeGreaterThan(perSecond * 0.65);
    // A quarter of what gets through, or as many as twenty a second: a refusal costs as much as a request.
    expect(store.seen.refused).toBeLessThan(Math.max(store.seen.answered / 4, 20 * 20));
    expect(limitsTold(ctx).length).toBeGreaterThan(0);
    expect(limitsTold(ctx).length).toBeLessThan(12);
    store.limits.perSecond = Number.POSITIVE_INFINITY;
    await rate(request, 8);
    expect(await rate(request, 4)).toBeGreaterThan(32 * 50 * 0.9);
  });
}

test("a store that takes 8 at once is asked for hardly more", async () => {
  const ctx = testCtx({ clock });
  const pace = createPace("bucket", 32);
  const store = limitedStore({ atOnce: 8 });
  expect(await rate(() => pace(ctx, store.request), 20)).toBeGreaterThan(8 * 50 * 0.5);
  expect(store.seen.refused).toBeLessThan(store.seen.answered * 0.25);
});

test("a store that only ever says so is given up after half a minute", async () => {
  const ctx = testCtx({ clock });
  const pace = createPace("bucket", 32);
  const startedAt = Date.now();
  let failedAt = 0;
  const calls = Array.from({ length: 32 }, () =>
    pace(ctx, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw slowDown();
    }).catch((error: unknown) => {
      failedAt ||= Date.now();
      return error;
    }),
  );
  await vi.advanceTimersByTimeAsync(300_000);
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ kind: "transient", code: "slow-down" });
  expect((failedAt - startedAt) / 1000).toBeGreaterThan(15);
  expect((failedAt - startedAt) / 1000).toBeLessThan(60);
  expect(limitsTold(ctx)).toContain("retry");
});

test("what can't be made again is refused at once, and the others slow down", async () => {
  const ctx = testCtx({ clock });
  const pace = createPace("bucket", 32);
  const once = pace(ctx, () => Promise.reject(slowDown()), "once");
  await expect(once).rejects.toMatchObject({ code: "slow-down" });
  let isMade = false;
  const other = pace(ctx, async () => {
    isMade = true;
  });
  await vi.advanceTimersByTimeAsync(50);
  expect(isMade).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  await other;
});

test("another failure is the caller's, once", async () => {
  const ctx = testCtx({ clock });
  const pace = createPace("bucket", 32);
  let calls = 0;
  const failing = pace(ctx, async () => {
    calls++;
    throw new SmartsyncError("the line is down", { kind: "transient", code: "connection-lost" });
  });
  await expect(failing).rejects.toMatchObject({ code: "connection-lost" });
  expect(calls).toBe(1);
});

test("whoever waits is released soon when stopped, and the others go on", async () => {
  const stop = new AbortController();
  const stopping = testCtx({ clock, signal: stop.signal });
  const pace = createPace("bucket", 1);
  const first = pace(stopping, () => Promise.reject(slowDown()));
  const waiting = [pace(stopping, async () => "stopped"), pace(testCtx({ clock }), async () => "done")];
  const ended = Promise.allSettled([first, ...waiting]);
  await vi.advanceTimersByTimeAsync(10);
  stop.abort();
  await vi.advanceTimersByTimeAsync(10);
  expect((await ended).map((end) => (end.status === "fulfilled" ? end.value : end.reason.kind))).toEqual([
    "aborted",
    "aborted",
    "done",
  ]);
});
