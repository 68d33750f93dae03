import { describe, expect, test } from "vitest";
import { encodePath, pagePaths, spellNormally, spellPath } from "../../src/core/page-urls.ts";
import { relPath } from "./snapshots.ts";

describe("where visitors reach a file", () => {
  const pages = (path: string, cleanUrls: Parameters<typeof pagePaths>[1] = "none") =>
    pagePaths(relPath(path), cleanUrls);

  test("an index file is its directory too, with the slash and without", () => {
    expect(pages("お知らせ/2026/index.html")).toEqual(["お知らせ/2026/index.html", "お知らせ/2026/", "お知らせ/2026"]);
    expect(pages("blog/index.php")).toEqual(["blog/index.php", "blog/", "blog"]);
  });

  test("the site's own index is its root", () => {
    expect(pages("index.html")).toEqual(["index.html", ""]);
  });

  test("a name that only ends like an index file is none", () => {
    expect(pages("blog/myindex.html")).toEqual(["blog/myindex.html"]);
  });

  test.each([
    ["none", ["会社/沿革.html"]],
    ["plain", ["会社/沿革.html", "会社/沿革"]],
    ["slash", ["会社/沿革.html", "会社/沿革", "会社/沿革/", "会社/沿革/index.html"]],
    ["both", ["会社/沿革.html", "会社/沿革", "会社/沿革/", "会社/沿革/index.html"]],
  ] as const)("a page with clean URLs: %s", (cleanUrls, expected) => {
    expect(pages("会社/沿革.html", cleanUrls)).toEqual(expected);
  });

  test("clean URLs are for pages alone", () => {
    expect(pages("logo.svg", "both")).toEqual(["logo.svg"]);
  });
});

describe("a path in an address", () => {
  test.each([
    ["a b.html", "a%20b.html"],
    ["100%.html", "100%25.html"],
    ["q?.html", "q%3F.html"],
    ["#1.html", "%231.html"],
    ["5*.html", "5%2A.html"],
    ["~taro/c++.html", "~taro/c++.html"],
    ["ガ/イド.html", "%E3%82%AC/%E3%82%A4%E3%83%89.html"],
    ["\ud800.html", "%EF%BF%BD.html"],
  ])("%s is %s", (path, encoded) => {
    expect(encodePath(path)).toBe(encoded);
  });

  test("has one spelling when its characters are plain", () => {
    expect(spellPath("blog/2026-11/index.html")).toEqual(["blog/2026-11/index.html"]);
  });

  test("is spelt with capital digits and small ones", () => {
    expect(spellPath("あ b")).toEqual(["%E3%81%82%20b", "%e3%81%82%20b"]);
  });

  test("is spelt as browsers send it, as scripts and as a CMS write it", () => {
    expect(spellPath("~[a*]")).toEqual([
      "~%5Ba%2A%5D",
      "~%5Ba*%5D",
      "~[a*]",
      "%7E%5Ba%2A%5D",
      "~%5ba%2a%5d",
      "~%5ba*%5d",
      "%7e%5ba%2a%5d",
    ]);
  });

  test("has a spelling more to a cache that makes addresses normal only for reserved characters", () => {
    expect(spellNormally("~あ b")).toEqual(["~%E3%81%82%20b"]);
    expect(spellNormally("c++")).toEqual(["c++", "c%2B%2B"]);
  });
});
