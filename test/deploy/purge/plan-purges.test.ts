import { expect, test } from "vitest";
import type { OpenedCdn } from "../../../src/deploy/purge/open-cdns.ts";
import { purgeInput } from "../../../src/deploy/purge/plan-purges.ts";
import { RULES } from "../../core/cdn-rules.ts";
import { relPath } from "../../core/snapshots.ts";

const opened = (tags?: NonNullable<OpenedCdn["settings"]["tags"]>): OpenedCdn => ({
  name: "edge",
  cdn: {
    rules: RULES.fastly,
    purge: async () => ({}),
    examine: async () => [],
    [Symbol.asyncDispose]: async () => {},
  },
  addresses: { baseUrls: ["https://www.example.jp/"], cleanUrls: "none" },
  targets: ["web1"],
  settings: { tolerance: { seconds: 30, usd: 0 }, wait: 0, ...(tags && { tags }) },
});

const tagsOf = (cdn: OpenedCdn) => purgeInput(cdn, new Set(), [], { itemsThisMonth: 0 }, () => true).tagsOf;

test("a file bears the tags whose patterns it matches", () => {
  const find = tagsOf(
    opened([
      { tag: "news", match: "/ニュース/**" },
      { tag: "page", match: "*.html" },
    ]),
  );
  expect(find?.(relPath("ニュース/2026/お知らせ.html"))).toEqual(["news", "page"]);
  expect(find?.(relPath("ニュース/写真.jpg"))).toEqual(["news"]);
  expect(find?.(relPath("記事/ニュース/写真.jpg"))).toEqual([]);
});

test("without tags in the configuration none are planned with", () => {
  expect(tagsOf(opened())).toBeUndefined();
  expect(tagsOf(opened([]))).toBeUndefined();
});
