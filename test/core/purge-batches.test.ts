import { describe, expect, test } from "vitest";
import { batchItems, bytesOf } from "../../src/core/purge-batches.ts";
import type { PurgeItem, PurgeRules } from "../../src/core/purge-rules.ts";
import { RULES } from "./cdn-rules.ts";

const some = (kind: "exact" | "directory", count: number): PurgeItem[] =>
  Array.from({ length: count }, (_, at) => ({ kind, path: `/${at}/` }));
const sizes = (items: readonly PurgeItem[], rules: PurgeRules) => batchItems(items, rules).map((batch) => batch.length);

describe("requests", () => {
  test("hold what one takes", () => {
    expect(sizes(some("exact", 61), RULES.cloudflare)).toEqual([30, 30, 1]);
  });

  test("are of one kind where kinds can't be mixed", () => {
    expect(sizes([...some("exact", 2), ...some("directory", 2)], RULES.cloudflare)).toEqual([2, 2]);
  });

  test("hold several kinds where they can, each up to its own limit", () => {
    expect(sizes([...some("exact", 3000), ...some("directory", 15)], RULES.cloudfront)).toEqual([3015]);
  });

  test("hold no more than there may be of all kinds together", () => {
    expect(sizes([...some("exact", 100), ...some("directory", 100)], RULES.frontdoor)).toEqual([100, 100]);
  });

  test("are as few as possible when one kind goes into requests in small numbers", () => {
    const rules: PurgeRules = {
      ...RULES.frontdoor,
      kinds: { exact: { perRequest: 2 }, directory: { perRequest: 2 } },
      perRequest: 3,
    };
    expect(sizes([...some("exact", 4), ...some("directory", 2)], rules)).toHaveLength(2);
  });

  test("are no longer than they may be", () => {
    const origin = "https://www.example.jp";
    const items = Array.from({ length: 3000 }, (_, at): PurgeItem => ({ kind: "exact", origin, path: `/blog/${at}/` }));
    const batches = batchItems(items, RULES.akamai);
    for (const objects of batches.map((batch) => batch.map((item) => `${origin}${"path" in item ? item.path : ""}`))) {
      expect(Buffer.byteLength(JSON.stringify({ objects }))).toBeLessThanOrEqual(50_000);
    }
    expect(batches.flat()).toEqual(items);
  });

  test("there is none for nothing", () => {
    expect(batchItems([], RULES.cloudfront)).toEqual([]);
  });
});

test("a tag counts the bytes it has when it is sent", () => {
  expect(bytesOf({ kind: "tag", tag: "お知らせ" })).toBe(12);
  expect(bytesOf({ kind: "everything", origin: "https://a.jp" })).toBe(12);
});
