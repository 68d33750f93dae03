import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePatterns, compileReach } from "../../src/core/patterns.ts";
import { anyOddPath, anyPath } from "./arbitraries.ts";

/** Each pattern, what it matches, and what it leaves alone. A path that ends in "/" is a directory. */
const CASES: readonly [pattern: string, matches: readonly string[], others: readonly string[]][] = [
  ["*.bak", ["a.bak", "news/a.bak", ".bak", "old.bak/index.html"], ["a.baks", "a.bak.html"]],
  ["/*.bak", ["a.bak", "old.bak/index.html"], ["news/a.bak"]],
  ["preview", ["preview", "preview/", "preview/a.html", "news/preview/a.html"], ["previews", "a-preview"]],
  ["/preview", ["preview", "preview/a.html"], ["news/preview", "news/preview/a.html"]],
  ["preview/", ["preview/", "preview/a.html", "news/preview/a.html"], ["preview", "news/preview"]],
  ["/preview/", ["preview/", "preview/a.html"], ["preview", "news/preview/a.html"]],
  ["/preview/**", ["preview/", "preview/a.html", "preview/b/c.html"], ["preview", "news/preview/a.html"]],
  ["/preview/*", ["preview/", "preview/a.html", "preview/b/c.html"], ["preview", "news/preview/a.html"]],
  ["/preview/**/*", ["preview/a.html", "preview/b/c.html"], ["preview"]],
  ["/preview/*/*", ["preview/a/b.html", "preview/a/b/c.html", "preview/a/"], ["preview/a.html", "preview/"]],
  ["news/*.html", ["news/a.html", "news/a.html/b"], ["a/news/a.html", "news/2026/a.html"]],
  ["./news/a.html", ["news/a.html"], ["a/news/a.html"]],
  ["**/news/*.html", ["news/a.html", "x/y/news/a.html"], ["news/2026/a.html"]],
  ["**/*.html", ["a.html", "x/y/a.html"], ["a.htm"]],
  ["**/drafts/**", ["drafts/a", "x/drafts/a/b"], ["drafts", "x/drafts"]],
  ["news/**/photo.jpg", ["news/photo.jpg", "news/2026/11/photo.jpg"], ["photo.jpg", "news/photo.jpg.txt"]],
  ["*.{jpg,png}", ["a.jpg", "x/b.png"], ["a.gif"]],
  ["page-[0-9].html", ["page-1.html"], ["page-a.html", "page-10.html"]],
  ["a?c", ["abc", "aあc"], ["ac", "a/c"]],
  ["!(index).html", ["a.html", "x/a.html"], ["index.html"]],
  ["!important.txt", ["!important.txt"], ["important.txt", "other.txt"]],
  ["資料\\(1\\).pdf", ["資料(1).pdf"], ["資料1.pdf"]],
  [".*", [".well-known/a", "x/.env"], ["a.b"]],
  ["*", ["a", ".a", "x/y"], []],
  ["**", ["a", ".a", "x/y"], []],
  ["/", ["a", "x/y"], []],
  ["**/", ["x/y"], ["a"]],
  ["a*b", ["a\nb"], []],
];

test.each(CASES)("the pattern %j", (pattern, matches, others) => {
  const isMatch = compilePatterns([pattern]);
  expect(matches.filter((path) => !isMatch(path))).toEqual([]);
  expect(others.filter((path) => isMatch(path))).toEqual([]);
});

test("no pattern matches nothing, and of several any one is enough", () => {
  expect(compilePatterns([])("a.html")).toBe(false);
  const isMatch = compilePatterns(["*.css", "/news/", "x/y.html"]);
  expect(["a.css", "news/a.html", "x/y.html", "a.html"].map(isMatch)).toEqual([true, true, true, false]);
});

test("a Japanese name matches whichever way it is composed", () => {
  const composed = "ガイド/ページ-*.html".normalize("NFC");
  const decomposed = composed.normalize("NFD");
  expect(composed).not.toBe(decomposed);
  for (const pattern of [composed, decomposed]) {
    const isMatch = compilePatterns([pattern]);
    for (const form of ["NFC", "NFD"]) expect(isMatch("ガイド/ページ-1.html".normalize(form))).toBe(true);
    expect(isMatch("カイト/ヘーシ-1.html")).toBe(false);
  }
});

/** Patterns built of the pieces people write, over the names the paths are made of. */
const anyPattern = fc
  .tuple(
    fc.constantFrom("", "/", "**/"),
    fc.array(
      fc.constantFrom(
        "foo",
        "f*",
        "*",
        "**",
        "index.html",
        "*.{html,png}",
        "が",
        "[a-z]*",
        "{foo,f*/foobar}",
        "@(foo/foo|が)",
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    fc.constantFrom("", "/", "/**", "/*"),
  )
  .map(([start, segments, end]) => start + segments.join("/") + end);

test("whatever matches a directory matches everything below it", () => {
  fc.assert(
    fc.property(fc.array(anyPattern, { minLength: 1, maxLength: 3 }), anyPath, anyOddPath, (patterns, dir, below) => {
      const isMatch = compilePatterns(patterns);
      if (isMatch(dir) || isMatch(`${dir}/`)) expect(isMatch(`${dir}/${below}`)).toBe(true);
      if (isMatch(dir)) expect(isMatch(`${dir}/`)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("the answer does not depend on what was asked before", () => {
  fc.assert(
    fc.property(fc.array(anyPattern, { maxLength: 3 }), fc.array(anyPath, { maxLength: 6 }), (patterns, paths) => {
      const isMatch = compilePatterns(patterns);
      expect(paths.map(isMatch)).toEqual(paths.map((path) => compilePatterns(patterns)(path)));
    }),
  );
});

test("a directory that neither matches nor is on the way to something holds nothing that matches", () => {
  fc.assert(
    fc.property(fc.array(anyPattern, { maxLength: 3 }), anyPath, anyPath, (patterns, dir, below) => {
      const isMatch = compilePatterns(patterns);
      if (compileReach(patterns)(dir) || isMatch(`${dir}/`)) return;
      expect(isMatch(`${dir}/${below}`)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["/news/*.html", ["news"], ["news/2026", "new", "shop"]],
  ["/news/2026/index.html", ["news", "news/2026"], ["news/2025", "shop", "2026"]],
  ["/news/**/index.html", ["news", "news/2026", "news/2026/11"], ["new"]],
  ["/news/", [], ["shop"]],
  ["/*/a", ["news", "shop"], ["news/a"]],
  ["/*.html", [], ["news"]],
  ["/{news,shop}/a", ["news", "shop"], ["x", "news/a"]],
  ["/{a/b,c}/d", ["a", "a/b", "c", "x"], []],
  ["/a\\*b/c", ["a*b"], ["axb"]],
  ["/", ["anything"], []],
  ["*.html", ["anything"], []],
  ["**/news/*.html", ["anything"], []],
])("the reach of %j", (pattern, inside, outside) => {
  const reaches = compileReach([pattern]);
  expect([...inside, ...outside].filter(reaches)).toEqual(inside);
});
