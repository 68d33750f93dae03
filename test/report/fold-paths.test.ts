import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldPaths } from "../../src/report/fold-paths.ts";

const sized = (paths: string[]) => paths.map((path) => ({ path, size: 10 }));
const times = (count: number, name: (at: number) => string) => Array.from({ length: count }, (_, at) => name(at));

describe("folding a list of paths", () => {
  test("few paths are all named, in order", () => {
    expect(foldPaths(sized(["b.html", "a/お知らせ.html"]), 5)).toEqual([
      { pattern: "/a/お知らせ.html", files: 1, bytes: 10 },
      { pattern: "/b.html", files: 1, bytes: 10 },
    ]);
  });

  test("the big folder stays closed, what lies beside it is named", () => {
    const paths = [...times(812, (at) => `blog/2026/${at % 12}/${at}.html`), "css/site.css", "index.html"];
    expect(foldPaths(sized(paths), 5)).toEqual([
      { pattern: "/blog/2026/**", files: 812, bytes: 8120 },
      { pattern: "/css/site.css", files: 1, bytes: 10 },
      { pattern: "/index.html", files: 1, bytes: 10 },
    ]);
  });

  test("a folder is opened as long as what it holds fits", () => {
    const paths = times(40, (at) => `news/${2020 + (at % 4)}/${at}.html`);
    expect(foldPaths(sized(paths), 6).map(({ pattern }) => pattern)).toEqual([
      "/news/2020/*",
      "/news/2021/*",
      "/news/2022/*",
      "/news/2023/*",
    ]);
  });

  test("many files beside folders are one line", () => {
    const paths = [...times(30, (at) => `${at}.html`), ...times(30, (at) => `a/${at}.html`)];
    expect(foldPaths(sized(paths), 4).map(({ pattern, files }) => [pattern, files])).toEqual([
      ["/*", 30],
      ["/a/*", 30],
    ]);
  });

  test("whatever the paths, every one is counted once and the lines suffice", () => {
    const segment = fc.constantFrom("a", "b", "c", "お");
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `${parts.join("/")}.html`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (paths, lines) => {
        const folds = foldPaths(sized(paths), lines);
        expect(folds.length).toBeLessThanOrEqual(Math.max(lines, 1));
        expect(folds.reduce((sum, { files }) => sum + files, 0)).toBe(paths.length);
        expect(folds.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(paths.length * 10);
      }),
    );
  });
});
