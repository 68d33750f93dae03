import fc from "fast-check";
import { expect, test } from "vitest";
import { parentsOf } from "../../src/core/rel-path.ts";
import type { SourceOptions } from "../../src/site/open-source.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { scratchSite } from "./scratch-site.ts";

const NAMES = ["news", "newsletter", "index.html", "a.bak", "ガイド", "ガイド".normalize("NFD")];
const ODD_NAMES = [".htaccess", ".htpasswd", ".smartsync", ".well-known", "smartsync.yaml"];

const anySitePath = fc
  .array(fc.constantFrom(...NAMES, ...ODD_NAMES), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join("/"));

/** Paths that can exist beside one another: none is a directory above another. */
const anyTree = fc.uniqueArray(anySitePath, { minLength: 1, maxLength: 25 }).map((paths) => {
  const directories = new Set(paths.flatMap(parentsOf));
  return paths.filter((path) => !directories.has(path));
});

const anyPattern = fc
  .tuple(
    fc.constantFrom("", "/", "**/"),
    fc.array(fc.constantFrom(...NAMES, "*", "**", "*.html", "news*", "{news,ガイド}", "?????.*"), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom("", "/", "/**", "/*"),
  )
  .map(([start, segments, end]) => start + segments.join("/") + end);

const anySettings: fc.Arbitrary<Pick<SourceOptions, "include" | "exclude" | "htaccess">> = fc.record({
  include: fc.oneof(fc.constant([]), fc.array(anyPattern, { maxLength: 3 })),
  exclude: fc.array(anyPattern, { maxLength: 3 }),
  htaccess: fc.boolean(),
});

test("a scan leaves out exactly what isExcluded says", async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anySettings, async (paths, settings) => {
      using site = scratchSite(Object.fromEntries(paths.map((path) => [path, ""])));
      const source = site.open({ ...settings, reserved: [site.at("smartsync.yaml"), site.at("news/smartsync.yaml")] });
      const { snapshot } = await source.scan(testCtx());
      expect([...snapshot.files.keys()]).toEqual(paths.filter((path) => !source.isExcluded(path)).sort());
      for (const path of snapshot.files.keys()) expect((await source.rescan(path, testCtx()))?.path).toBe(path);
    }),
    { numRuns: 300 },
  );
});

test("htaccess: false leaves .htaccess and .htpasswd alone at any depth, and nothing else", () => {
  using site = scratchSite();
  const [kept, left] = [site.open({ htaccess: true }), site.open({ htaccess: false })];
  const paths = [".htaccess", "members/.htpasswd", "ガイド/a/.htaccess", ".htaccess.txt", "htaccess", "index.html"];
  expect(paths.filter((path) => kept.isExcluded(path))).toEqual([]);
  expect(paths.filter((path) => left.isExcluded(path))).toEqual(paths.slice(0, 3));
});

test("exclude wins over include", () => {
  using site = scratchSite();
  const source = site.open({ include: ["/news/", "*.html"], exclude: ["/news/drafts/"] });
  const paths = ["news/a.jpg", "x/y.html", "news/drafts/a.html", "x/y.jpg"];
  expect(paths.map((path) => source.isExcluded(path))).toEqual([false, false, true, true]);
});
