import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { abortLater } from "../../src/lib/abort.ts";
import { atOnce } from "../../src/lib/at-once.ts";

const { signal } = new AbortController();

test("works done at once give what the first gives", async () => {
  const order: string[] = [];
  const work = (name: string, ms: number) => async () => {
    await delay(ms);
    order.push(name);
    return name;
  };
  expect(await atOnce(signal, work("slow", 20), work("fast", 1))).toBe("slow");
  expect(order).toEqual(["fast", "slow"]);
});

test("the first failure stops the others, and is thrown when they have ended", async () => {
  let ended = false;
  const stopped = async (stop: AbortSignal) => {
    await delay(5_000, undefined, { signal: stop }).catch(() => delay(20));
    ended = true;
    throw new Error("stopped");
  };
  const failing = () => Promise.reject(new Error("the reason"));
  await expect(atOnce(signal, stopped, failing)).rejects.toThrow("the reason");
  expect(ended).toBe(true);
});

test("a stop from outside reaches all of them", async () => {
  const stop = new AbortController();
  const waiting = (joint: AbortSignal) => delay(5_000, undefined, { signal: joint });
  const both = atOnce(stop.signal, waiting, waiting);
  stop.abort();
  await expect(both).rejects.toMatchObject({ name: "AbortError" });
});

test("abortLater aborts some time after the signal did, with its reason", async () => {
  const stop = new AbortController();
  const late = abortLater(stop.signal, 30);
  await delay(50);
  expect(late.aborted).toBe(false);
  stop.abort("enough");
  expect(late.aborted).toBe(false);
  await delay(50);
  expect(late.reason).toBe("enough");
  const later = abortLater(stop.signal, 1);
  await delay(20);
  expect(later.aborted).toBe(true);
});
