import { describe, expect, test } from "vitest";
import { planPurge } from "../../src/core/plan-purge.ts";
import type { PurgeInput } from "../../src/core/purge-plan.ts";
import { chooseTags } from "../../src/core/purge-tags.ts";
import { RULES } from "./cdn-rules.ts";
import { relPath } from "./snapshots.ts";

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => relPath(`${name}-${at}.html`));

/** Tags by what a path begins with. */
const byBeginning =
  (...tags: readonly [beginning: string, tag: string][]) =>
  (path: string) =>
    tags.filter(([beginning]) => path.startsWith(beginning)).map(([, tag]) => tag);

describe("choices of tags", () => {
  test("the tag that drops the least beside for each changed file comes first", () => {
    const files = { changed: [...numbered("news", 4), ...numbered("blog", 2)], unchanged: numbered("blog-old", 9) };
    const choices = chooseTags(files, byBeginning(["blog", "blog"], ["news", "news"]));
    expect(choices.map(({ tags, beside }) => ({ tags, beside }))).toEqual([
      { tags: ["news"], beside: 0 },
      { tags: ["news", "blog"], beside: 9 },
    ]);
    expect(choices[0]?.changed).toEqual(numbered("blog", 2));
    expect(choices[1]?.changed).toEqual([]);
  });

  test("a file that was not there before is left to other items: what is cached of it bears no tag", () => {
    const files = { changed: numbered("ニュース", 3), unchanged: [] };
    const [first] = files.changed;
    const choices = chooseTags(files, byBeginning(["ニュース", "news"]), (path) => path !== first);
    expect(choices).toMatchObject([{ tags: ["news"], changed: [first] }]);
    expect(chooseTags(files, byBeginning(["ニュース", "news"]), () => false)).toEqual([]);
  });

  test("what one tag drops does not count for another", () => {
    const files = { changed: numbered("ニュース", 3), unchanged: [] };
    const choices = chooseTags(files, byBeginning(["ニュース", "ニュース"], ["", "all"]));
    expect(choices.map(({ tags }) => tags)).toEqual([["ニュース"]]);
  });

  test("there is none when nothing changed bears a tag", () => {
    expect(
      chooseTags({ changed: numbered("a", 1), unchanged: numbered("news", 3) }, byBeginning(["news", "n"])),
    ).toEqual([]);
  });
});

describe("a purge of a CDN with tags", () => {
  // Changed files lie among others everywhere, so that no directory would do.
  const changed = [...numbered("a/news", 60), ...numbered("b/news", 60), relPath("top.html")];
  const input: PurgeInput = {
    changed,
    site: [...changed, ...numbered("a/shop", 500), ...numbered("b/shop", 500), relPath("a/news-old.html")],
    addresses: { baseUrls: ["https://www.example.jp/"], cleanUrls: "none" },
    rules: RULES.cloudfront,
    tolerance: { seconds: 30, usd: 0.005 },
    usage: { itemsThisMonth: 1000 },
    tagsOf: (path) => (path.includes("news") ? ["news"] : []),
  };

  test("asks for a tag where that is cheapest, and for the rest as without", () => {
    const { batches, dropped, usd, reason } = planPurge(input);
    expect(batches).toEqual([
      [
        { kind: "exact", path: "/top.html" },
        { kind: "tag", tag: "news" },
      ],
    ]);
    expect({ dropped, usd, reason }).toEqual({ dropped: 122, usd: expect.closeTo(0.01, 6), reason: "price" });
  });

  test("asks for addresses where they cost nothing", () => {
    const plan = planPurge({ ...input, usage: { itemsThisMonth: 0 } });
    expect(plan).toMatchObject({ items: 121, dropped: 121, reason: "exact" });
  });

  test("knows of no tags where the CDN has none", () => {
    const { tag: _, ...kinds } = RULES.cloudfront.kinds;
    const { batches } = planPurge({ ...input, rules: { ...RULES.cloudfront, kinds } });
    expect(batches.flat().filter(({ kind }) => kind === "tag")).toEqual([]);
  });
});
