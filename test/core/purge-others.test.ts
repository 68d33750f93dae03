import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planPurge } from "../../src/core/plan-purge.ts";
import type { PurgeInput } from "../../src/core/purge-plan.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { cachedCopies, purgeCache, usdOf } from "./cache-model.ts";
import { RULES } from "./cdn-rules.ts";
import { inputOf, readGoldenPurges } from "./golden-purges.ts";
import { likeHugo, likeS3deploy } from "./purge-others.ts";
import { anyPurge } from "./purged-sites.ts";

/** Every month's beginning, middle and end for a CDN with a thousand free items. */
const USED = [0, 990, 998, 5000];

function staleAfter(input: PurgeInput, items: readonly PurgeItem[]): number {
  return purgeCache(cachedCopies(input.changed, input.addresses), items, input).length;
}

/** That a plan has no more requests and costs no more than one request with these items, and leaves nothing cached. */
function expectNoWorse(input: PurgeInput, theirs: readonly PurgeItem[]): void {
  const { batches } = planPurge(input);
  expect(batches.length).toBeLessThanOrEqual(1);
  expect(usdOf(batches, input)).toBeLessThanOrEqual(usdOf([theirs], input) + 1e-9);
  expect(staleAfter(input, batches.flat())).toBe(0);
}

const goldens = readGoldenPurges();

describe("beside s3deploy and hugo deploy", () => {
  const cases = goldens.flatMap(({ golden }) => USED.map((itemsThisMonth) => ({ golden, itemsThisMonth })));

  test.each(cases)("CloudFront: $golden.name, after $itemsThisMonth items", ({ golden, itemsThisMonth }) => {
    const input = inputOf({ ...golden, itemsThisMonth }, "cloudfront");
    expectNoWorse(input, likeS3deploy(input.changed));
    expectNoWorse(input, likeHugo());
  });

  test.each(goldens)("Google with no time to lose: $golden.name", ({ golden }) => {
    expectNoWorse({ ...inputOf(golden, "google"), tolerance: { seconds: 0, usd: 0 } }, likeHugo());
  });

  test("CloudFront: a thousand generated sites", () => {
    fc.assert(
      fc.property(anyPurge(RULES.cloudfront), (any) => {
        const input = { ...any, rules: RULES.cloudfront, tolerance: { seconds: 30, usd: 0 } };
        fc.pre(input.changed.length > 0);
        expectNoWorse(input, likeS3deploy(input.changed));
        expectNoWorse(input, likeHugo());
      }),
      { numRuns: 1000 },
    );
  });

  test("Google with no time to lose: a thousand generated sites", () => {
    fc.assert(
      fc.property(anyPurge(RULES.google), (any) => {
        const input = { ...any, rules: RULES.google, tolerance: { seconds: 0, usd: 0 } };
        expectNoWorse(input, likeHugo());
      }),
      { numRuns: 1000 },
    );
  });
});

describe("what s3deploy would ask for", () => {
  const paths = (items: readonly PurgeItem[]) =>
    items.map((item) => ("path" in item ? `${item.path}${item.kind === "directory" ? "*" : ""}` : "/*"));

  test("is each path by itself while there are eight at most, and index files as their directories", () => {
    expect(paths(likeS3deploy(["index.html", "css/a.css", "blog/index.html"]))).toEqual(["/", "/blog/", "/css/a.css"]);
  });

  test("becomes wildcards from the deepest up when there are more", () => {
    const changed = ["style.css", ...Array.from({ length: 9 }, (_, at) => `a/b/${at}.html`)];
    expect(paths(likeS3deploy(changed))).toEqual(["/a/*", "/style.css"]);
  });

  test("is everything when that is not enough", () => {
    expect(paths(likeS3deploy(Array.from({ length: 9 }, (_, at) => `${at}.html`)))).toEqual(["/*"]);
  });

  test("leaves the addresses of index files with their names, and directories without the slash", () => {
    const [rebuild] = goldens;
    if (rebuild === undefined) throw new Error("no case");
    const input = {
      ...inputOf(rebuild.golden, "cloudfront"),
      changed: ["会社/index.html" as PurgeInput["changed"][number]],
    };
    expect(staleAfter(input, likeS3deploy(input.changed))).toBeGreaterThan(0);
    expect(staleAfter(input, planPurge(input).batches.flat())).toBe(0);
  });
});
