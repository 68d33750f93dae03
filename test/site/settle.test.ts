import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { type ScratchSite, scratchSite } from "./scratch-site.ts";

/** A clock that starts so many seconds from now, jumps instead of sleeping, and lets the CMS work at each sleep. */
function jumpingClock(startsIn: number, cms: (slept: number) => void = () => {}) {
  let now = Date.now() + startsIn * 1000;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      sleeps.push(ms);
      cms(sleeps.length);
    },
  };
}

const settling = (events: readonly { type: string }[]) => events.filter(({ type }) => type === "settling");

test("a site that has been quiet long enough is delivered without waiting", async () => {
  using site = scratchSite({ "index.html": "" });
  const clock = jumpingClock(60);
  const ctx = testCtx({ clock });
  await site.open({ settleSeconds: 30 }).scan(ctx);
  expect(clock.sleeps).toEqual([]);
  expect(settling(ctx.events)).toEqual([]);
});

test("a site that was just written is waited for, and what it is waited for is told", async () => {
  using site = scratchSite({ "index.html": "", "ガイド/a.html": "" });
  const clock = jumpingClock(10);
  const ctx = testCtx({ clock });
  await site.open({ settleSeconds: 30 }).scan(ctx);
  expect(clock.sleeps).toHaveLength(1);
  expect(clock.sleeps[0]).toBeGreaterThan(19_000);
  expect(clock.sleeps[0]).toBeLessThan(21_000);
  expect(settling(ctx.events)).toEqual([{ type: "settling", quietFor: expect.closeTo(10, 0), needed: 30 }]);
});

test("a page deleted just now is a change as well, though every file that is left is old", async () => {
  using site = scratchSite({ "a/index.html": "", "a/old.html": "" });
  await systemClock.sleep(1_200);
  rmSync(site.at("a/old.html"));
  const clock = jumpingClock(0);
  await site.open({ settleSeconds: 2 }).scan(testCtx({ clock }));
  expect(clock.sleeps[0]).toBeGreaterThan(1_500);
});

/** Each thing a CMS does to a site. */
const WORK: [string, (site: ScratchSite, step: number) => void][] = [
  ["writes a new page", (site, step) => site.write(`news/${step}.html`, "")],
  ["rewrites a page", (site, step) => site.write("index.html", `${step}`)],
  ["deletes a page", (site, step) => rmSync(site.at(`old/${step}.html`))],
];

test.each(WORK)("a CMS that still %s is waited for, and what it wrote last is delivered", async (_, work) => {
  using site = scratchSite({ "index.html": "", "old/1.html": "", "old/2.html": "", "old/3.html": "" });
  // So far behind that only what the scan sees itself can tell it.
  const clock = jumpingClock(-3600, (step) => {
    if (step <= 3) work(site, step);
  });
  const { snapshot } = await site.open({ settleSeconds: 5 }).scan(testCtx({ clock }));
  expect(clock.sleeps.length).toBeGreaterThan(1);
  const again = await site.open().scan(testCtx());
  expect([...snapshot.files]).toEqual([...again.snapshot.files]);
});

test("a file system whose clock is ahead is trusted once nothing changed for as long as needed", async () => {
  using site = scratchSite({ "index.html": "" });
  const clock = jumpingClock(-3600);
  await site.open({ settleSeconds: 20 }).scan(testCtx({ clock }));
  const waited = clock.sleeps.reduce((sum, ms) => sum + ms, 0);
  expect(waited).toBeGreaterThanOrEqual(20_000);
  expect(waited).toBeLessThan(60_000);
});

test("a site that never comes to rest is given up, in bounded time", async () => {
  using site = scratchSite({ "index.html": "" });
  const clock = jumpingClock(-3600, (step) => site.write(`${step}.html`, ""));
  const scan = site.open({ settleSeconds: 30 }).scan(testCtx({ clock }));
  await expect(scan).rejects.toMatchObject({ kind: "conflict", code: "source-unsettled" });
  expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(700_000);
});
