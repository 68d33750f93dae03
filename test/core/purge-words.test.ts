import { expect, test } from "vitest";
import { purgeWords } from "../../src/core/purge-words.ts";

const plan = {
  items: 3,
  requests: 1,
  usd: 0,
  changed: 41,
  dropped: 41,
  of: 12_400,
  seconds: 0,
  reason: "exact",
} as const;

test("a plan is one line", () => {
  expect(purgeWords(plan)).toBe("3 paths, 0.000 USD; 41 of 12,400 objects");
});

test("without a price none is told, and one of each is told as one", () => {
  const { usd: _, ...free } = plan;
  expect(purgeWords({ ...free, items: 1, changed: 1, dropped: 1, of: 1 })).toBe("1 path; 1 of 1 object");
});

test("several requests, what is dropped beside, and why", () => {
  expect(purgeWords({ ...plan, items: 1200, requests: 40, dropped: 1041, reason: "price" })).toBe(
    "1,200 paths in 40 requests, 0.000 USD; 1,041 of 12,400 objects, 1,000 of them unchanged; more at once, because that is cheaper",
  );
});

test("files that were deleted are no part of the site", () => {
  expect(purgeWords({ ...plan, dropped: 41, of: 5 })).toBe("3 paths, 0.000 USD; 41 objects");
});

test("no item is nothing", () => {
  expect(purgeWords({ ...plan, items: 0 })).toBe("nothing");
});
