import { expect, test } from "vitest";
import { costOf, priceOf } from "../../src/core/purge-cost.ts";
import { RULES } from "./cdn-rules.ts";

const exact = (items: number, bytes = 0) => ({ exact: { items, bytes } });

test("what is free in a month costs nothing, and the rest its price", () => {
  expect(priceOf(1000, { usdPerItem: 0.005, freePerMonth: 1000 })).toBe(0);
  expect(priceOf(1200, { usdPerItem: 0.005, freePerMonth: 1000 })).toBeCloseTo(1);
});

test("only the items of this purge are paid for", () => {
  expect(costOf(exact(20), RULES.cloudfront, { itemsThisMonth: 990 }).usd).toBeCloseTo(0.05);
  expect(costOf(exact(20), RULES.cloudfront, { itemsThisMonth: 5000 }).usd).toBeCloseTo(0.1);
});

test("the slower of requests and items decides how long it takes", () => {
  const { seconds, requests } = costOf(exact(10_000), RULES.cloudflare, { itemsThisMonth: 0 });
  expect(requests).toBe(334);
  expect(seconds).toBeCloseTo((10_000 - 800) / 13);
});

test("requests are counted by their bytes too", () => {
  expect(costOf(exact(2000, 200_000), RULES.akamai, { itemsThisMonth: 0 }).requests).toBe(5);
});

test("more than may be under way at once is against a limit", () => {
  const directories = (items: number) =>
    costOf({ directory: { items, bytes: 0 } }, RULES.cloudfront, { itemsThisMonth: 0 });
  expect(directories(15).against).toBeUndefined();
  expect(directories(16).against).toBe("limit");
});

test("more than is left today is against a quota, and so is more than there is in a day where nobody said", () => {
  const cost = (items: number, exactLeft?: number) =>
    costOf(exact(items), RULES.alibaba, {
      itemsThisMonth: 0,
      ...(exactLeft !== undefined && { leftToday: { exact: exactLeft } }),
    }).against;
  expect(cost(10_000)).toBeUndefined();
  expect(cost(10_001)).toBe("quota");
  expect(cost(5, 4)).toBe("quota");
});

test("a kind that the CDN has not is against a limit, and counts", () => {
  expect(costOf({ tag: { items: 2, bytes: 4 } }, RULES.varnish, { itemsThisMonth: 0 })).toMatchObject({
    against: "limit",
    items: 2,
  });
});
