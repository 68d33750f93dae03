import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planPurge } from "../../src/core/plan-purge.ts";
import type { PurgeInput, PurgePlan } from "../../src/core/purge-plan.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { cachedCopies, excesses, purgeCache, refusals, secondsOf, usdOf } from "./cache-model.ts";
import { RULES } from "./cdn-rules.ts";
import { everyWay } from "./every-way.ts";
import { anyPurge } from "./purged-sites.ts";

const CASES = { numRuns: 1000 };

/** The addresses of changed files at which visitors would still be given what the CDN has kept. */
function stale(input: PurgeInput, batches: PurgePlan["batches"]): string[] {
  const copies = cachedCopies(input.changed, input.addresses);
  return purgeCache(copies, batches.flat(), input).map(({ origin, path }) => `${origin}${path}`);
}

/** How many files are dropped: the changed ones, and of the others those whose own address was dropped. */
function countDropped(input: PurgeInput, batches: PurgePlan["batches"]): number {
  const others = [...input.site].filter((path) => !input.changed.includes(path));
  const copies = cachedCopies(others, input.addresses).filter(({ isOwn }) => isOwn);
  const kept = new Set(purgeCache(copies, batches.flat(), input));
  const dropped = copies.filter((copy) => !kept.has(copy)).map(({ file }) => file);
  return new Set(input.changed).size + new Set(dropped).size;
}

describe.each(Object.entries(RULES))("a purge of a CDN like %s", (_, rules) => {
  test("leaves no changed page cached, is legal, and costs what it says", () => {
    fc.assert(
      fc.property(anyPurge(rules), (input) => {
        const plan = planPurge(input);
        const { batches } = plan;
        const ways = everyWay(input);
        const canAll = ways.length > 0;
        // An address that no item can name is left only where nothing else could drop it either.
        if (canAll) expect(stale(input, batches)).toEqual([]);
        if (canAll) expect(refusals(batches, input.rules)).toEqual([]);
        if (ways.some((way) => excesses(way, input).length === 0)) expect(excesses(batches, input)).toEqual([]);
        expect(plan.items).toBe(batches.flat().length);
        expect(plan.of).toBe([...input.site].length);
        expect(plan.changed).toBe(new Set(input.changed).size);
        expect(plan.dropped).toBe(countDropped(input, batches));
        expect(plan.usd ?? 0).toBeCloseTo(usdOf(batches, input), 6);
        expect(plan.seconds).toBeCloseTo(secondsOf(batches, input.rules), 6);
      }),
      CASES,
    );
  });

  test("costs and takes no more than tolerated above the best of all ways", () => {
    fc.assert(
      fc.property(anyPurge(rules), (input) => {
        const { batches, usd = 0, seconds } = planPurge(input);
        const ways = everyWay(input).filter((way) => excesses(way, input).length === 0);
        fc.pre(ways.length > 0);
        const cheapest = Math.min(...ways.map((way) => usdOf(way, input)));
        expect(usd).toBeLessThanOrEqual(cheapest + input.tolerance.usd + 1e-6);
        const cheap = ways.filter((way) => usdOf(way, input) <= cheapest + input.tolerance.usd + 1e-9);
        const quickest = Math.min(...cheap.map((way) => secondsOf(way, input.rules)));
        expect(seconds).toBeLessThanOrEqual(quickest + input.tolerance.seconds + 1e-6);
        expect(batches).toEqual(planPurge({ ...input, changed: input.changed.toReversed() }).batches);
      }),
      CASES,
    );
  });
});

/** Planners that would leave something: what each forgets of a right plan. */
const FORGETFUL: Record<string, (item: PurgeItem, all: readonly PurgeItem[]) => boolean> = {
  "a directory without the slash": (item, all) =>
    item.kind === "exact" && all.some((other) => other.kind === "exact" && other.path === `${item.path}/`),
  "small digits": (item) => "path" in item && /%[0-9a-f]*[a-f]/.test(item.path),
  "reserved characters that are encoded": (item) => "path" in item && /%2B/i.test(item.path),
  "the second host": (item) => "path" in item && item.origin === "https://example.jp",
  "what is below a directory": (item) => item.kind === "directory",
};

describe("the property that nothing is left fails for a planner that forgets", () => {
  test.each(Object.entries(FORGETFUL))("%s", (what, forgets) => {
    const rules = what.includes("below") ? RULES.alibaba : RULES.varnish;
    const broken = fc.property(anyPurge(rules), (input) => {
      const items = planPurge(input).batches.flat();
      return stale(input, [items.filter((item) => !forgets(item, items))]).length === 0;
    });
    const right = fc.property(anyPurge(RULES.varnish), (input) => stale(input, planPurge(input).batches).length === 0);
    expect(fc.check(broken, CASES).failed).toBe(true);
    expect(fc.check(right, CASES).failed).toBe(false);
  });
});

describe("the model of a cache", () => {
  const input: PurgeInput = {
    changed: ["news/index.html", "ブログ/がっこう.html"].map((path) => path as PurgeInput["changed"][number]),
    site: [],
    addresses: { baseUrls: ["https://www.example.jp/"], cleanUrls: "plain" },
    rules: RULES.varnish,
    tolerance: { seconds: 0, usd: 0 },
    usage: { itemsThisMonth: 0 },
  };
  const { batches } = planPurge(input);
  const without = (isForgotten: (item: PurgeItem) => boolean) =>
    stale(
      input,
      batches.map((batch) => batch.filter((item) => !isForgotten(item))),
    );

  test("finds nothing stale after the planner's own items", () => {
    expect(stale(input, batches)).toEqual([]);
  });

  test("finds every single item of the plan needed", () => {
    for (const item of batches.flat())
      expect(
        without((each) => each === item),
        JSON.stringify(item),
      ).not.toEqual([]);
  });

  test("catches a planner that forgets a directory's address without the slash", () => {
    expect(without((item) => "path" in item && item.path === "/news")).toEqual(["https://www.example.jp/news"]);
  });

  test("catches one that forgets small digits", () => {
    expect(without((item) => "path" in item && /%e3/.test(item.path))).toHaveLength(2);
  });
});
