import { writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../src/core/rel-path.ts";
import { hashSnapshot } from "../../src/core/snapshot.ts";
import { takenAliases } from "../../src/site/clean-urls.ts";
import type { SourceOptions } from "../../src/site/open-source.ts";
import { type ServingRules, serveSite } from "../../src/site/serve-site.ts";
import type { Source } from "../../src/site/source.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { laterClock, memoryCache, type ScratchSite, scratchSite } from "./scratch-site.ts";

const path = (text: string) => text as RelPath;
const later = () => testCtx({ clock: laterClock });

function serve(site: ScratchSite, rules: Partial<ServingRules> = {}, settings: Partial<SourceOptions> = {}) {
  return serveSite(site.open(settings), { headers: [], cleanUrls: "none", ...rules });
}

async function viewOf(site: ScratchSite, rules: Partial<ServingRules>, settings: Partial<SourceOptions> = {}) {
  const { source } = serve(site, rules, settings);
  return [...(await source.scan(testCtx())).snapshot.files.values()];
}

const sjis = (text: string) => iconv.encode(`<meta charset="Shift_JIS">${text}`, "shift_jis");

describe("a served site", () => {
  test("is the same site, each file with its headers", async () => {
    using site = scratchSite({ "index.html": "1", "会社/案内.html": sjis("会社案内"), "写真.jpg": "2" });
    const { view, source } = serve(site);
    const scan = await source.scan(testCtx());
    const plain = await site.open().scan(testCtx());
    expect([...scan.snapshot.files].map(([at, { serving, ...file }]) => [at, file])).toEqual([...plain.snapshot.files]);
    expect(scan.snapshot.files.get(path("会社/案内.html"))?.serving).toMatchObject({
      contentType: "text/html; charset=shift_jis",
      cacheControl: "no-cache",
    });
    expect([plain.problems, plain.hashed]).toEqual([scan.problems, scan.hashed]);
    expect(hashSnapshot(view(plain).snapshot)).toBe(hashSnapshot(scan.snapshot));
    expect(hashSnapshot(plain.snapshot)).not.toBe(hashSnapshot(scan.snapshot));
  });

  test("a file that is looked at again has the headers of what it is now", async () => {
    using site = scratchSite({ "a.html": "UTF-8" });
    const { source } = serve(site, { headers: [{ match: ["*.html"], compress: "gzip" }] });
    const first = (await source.scan(testCtx())).snapshot.files.get(path("a.html"));
    expect(first?.serving).not.toHaveProperty("compress");
    site.write("a.html", sjis("大きく".repeat(1_000)));
    const again = await source.rescan(path("a.html"), testCtx());
    expect(again).toMatchObject({ charset: "shift_jis", serving: { compress: "gzip" } });
    expect(again?.serving?.contentType).toBe("text/html; charset=shift_jis");
    expect(await source.rescan(path("b.html"), testCtx())).toBeUndefined();
  });

  test("a changed rule changes exactly the files it is for", async () => {
    using site = scratchSite({ "a.html": "1", "en/b.html": "2", "en/c.pdf": "3", "資料/c.pdf": "4" });
    const hashes = async (headers: ServingRules["headers"]) =>
      new Map((await viewOf(site, { headers })).map((file) => [file.path, file.serving?.hash]));
    const before = await hashes([{ match: ["/en/"], contentLanguage: "en" }]);
    const after = await hashes([
      { match: ["/en/"], contentLanguage: "en" },
      { match: ["*.pdf"], contentDisposition: "attachment" },
      { match: ["*.gif"], cacheControl: "no-store" },
    ]);
    expect([...after].filter(([at, hash]) => before.get(at) !== hash).map(([at]) => at)).toEqual([
      "en/c.pdf",
      "資料/c.pdf",
    ]);
  });
});

describe("the encoding of a page", () => {
  test("is remembered with its hash: a site that did not change is not read for it", async () => {
    using site = scratchSite({
      "a.html": "UTF-8",
      "b.html": sjis("日本"),
      "b.html-old": sjis("日本"),
      "c.csv": iconv.encode("京都", "euc-jp"),
      "会社/d.html": iconv.encode('<meta http-equiv="content-type" content="text/html; charset=EUC-JP">京都', "euc-jp"),
      "英/e.html": "ASCII",
    });
    const cache = memoryCache();
    const first = await site.open({ cache }).scan(later());
    const second = await site.open({ cache }).scan(later());
    expect([first.hashed, second.hashed]).toEqual([6, 0]);
    expect(second.snapshot).toEqual(first.snapshot);
    const said = [...second.snapshot.files.values()].map((file) => [file.path, file.charset, "charset" in file]);
    expect(said).toEqual([
      ["a.html", undefined, false],
      ["b.html", "shift_jis", true],
      ["b.html-old", undefined, false],
      ["c.csv", "unknown", true],
      ["会社/d.html", "euc-jp", true],
      ["英/e.html", undefined, false],
    ]);
  });

  test("is found in files of any length, and in those whose links are rewritten", async () => {
    const rewrite = { cmsUrl: "https://cms.example.jp/", files: ["*.html"] };
    const link = '<a href="https://cms.example.jp/a.html">';
    using site = scratchSite({
      "a.html": sjis(link.repeat(100_000)),
      "b.html": sjis(link),
      "c.txt": "あ".repeat(700_001),
    });
    const { snapshot } = await site.open({ rewrite }).scan(testCtx());
    expect([...snapshot.files.values()].map(({ charset }) => charset)).toEqual(["shift_jis", "shift_jis", undefined]);
  });

  test("is forgotten when the page says another", async () => {
    using site = scratchSite({ "a.html": sjis("日本"), "b.html": sjis("京都") });
    const cache = memoryCache();
    await site.open({ cache }).scan(later());
    writeFileSync(site.at("a.html"), "UTF-8");
    const { snapshot, hashed } = await site.open({ cache }).scan(later());
    expect([hashed, ...[...snapshot.files.values()].map(({ charset }) => charset)]).toEqual([
      1,
      undefined,
      "shift_jis",
    ]);
  });
});

describe("clean URLs", () => {
  const files = {
    "index.html": "0",
    "about.html": "1",
    "news/2026.11.html": "2",
    "news/index.html": "3",
    "a.htm": "4",
  };

  test.each([
    ["none", []],
    ["plain", ["about", "news/2026.11"]],
    ["slash", ["about/index.html", "news/2026.11/index.html"]],
    ["both", ["about", "about/index.html", "news/2026.11", "news/2026.11/index.html"]],
  ] as const)("%s: pages are served there as well, in path order", async (cleanUrls, expected) => {
    using site = scratchSite(files);
    const paths = (await viewOf(site, { cleanUrls })).map((file) => file.path);
    expect(paths.filter((each) => !Object.hasOwn(files, each))).toEqual(expected);
    expect(paths).toEqual([...paths].sort());
  });

  test("a page has its own headers under each of its addresses", async () => {
    using site = scratchSite({ "会社.html": sjis("会社案内") });
    const headers = [{ match: ["会社"], contentType: "image/png" }];
    const { source } = serve(site, { cleanUrls: "both", headers });
    const served = [...(await source.scan(testCtx())).snapshot.files.values()];
    const [page] = served.filter((file) => file.path === "会社.html");
    expect(page?.serving?.contentType).toBe("text/html; charset=shift_jis");
    expect(served.map((file) => file.path)).toEqual(["会社", "会社.html", "会社/index.html"]);
    for (const file of served) expect({ ...file, path: "" }).toEqual({ ...page, path: "" });
  });

  test("are opened, and looked at again, as the page", async () => {
    using site = scratchSite({ "about.html": "1" });
    const { source } = serve(site, { cleanUrls: "both" });
    await source.scan(testCtx());
    site.write("about.html", "いま");
    for (const alias of [path("about"), path("about/index.html")]) {
      expect((await buffer(source.open(alias))).toString()).toBe("いま");
      const page = await source.rescan(path("about.html"), testCtx());
      expect(await source.rescan(alias, testCtx())).toEqual({ ...page, path: alias });
    }
  });

  test("go with their page", async () => {
    using site = scratchSite({ "about.html": "1" });
    const { source } = serve(site, { cleanUrls: "plain" });
    await source.scan(testCtx());
    expect(await source.rescan(path("about"), testCtx())).toBeDefined();
    expect((await viewOf(site, { cleanUrls: "plain" })).length).toBe(2);
    const without = serve(site, { cleanUrls: "plain" }, { exclude: ["about.html"] });
    expect((await without.source.scan(testCtx())).snapshot.files.size).toBe(0);
    expect(await without.source.rescan(path("about"), testCtx())).toBeUndefined();
  });

  test("give way to a file of the site's own, which is told where it is another page", async () => {
    const same = { "a.html": "1", "a/index.html": "1" };
    using site = scratchSite({ ...same, "b.html": "2", "b/index.html": "another", "c.html": "3", c: "a file" });
    const served = await viewOf(site, { cleanUrls: "both" });
    const contentOf = async (source: Source, at: string) => (await buffer(source.open(path(at)))).toString();
    const { source } = serve(site, { cleanUrls: "both" });
    const { snapshot } = await source.scan(testCtx());
    expect(served.map((file) => file.path)).toEqual([
      ..."a a.html a/index.html b b.html b/index.html c c.html c/index.html".split(" "),
    ]);
    expect(await contentOf(source, "b/index.html")).toBe("another");
    expect(await contentOf(source, "c")).toBe("a file");
    expect(snapshot.files.get(path("c"))?.serving?.contentType).toBe("application/octet-stream");
    const { files: plain } = (await site.open().scan(testCtx())).snapshot;
    expect(takenAliases(plain, "both").map((alias) => [alias.path, alias.page.path])).toEqual([
      ["b/index.html", "b.html"],
      ["c", "c.html"],
    ]);
    expect(takenAliases(plain, "none")).toEqual([]);
  });

  test("are not made where the site's patterns leave a path alone", async () => {
    using site = scratchSite({ "about.html": "1", "shop.html": "2" });
    const excluding = await viewOf(site, { cleanUrls: "both" }, { exclude: ["/shop/"] });
    expect(excluding.map((file) => file.path)).toEqual([
      "about",
      "about.html",
      "about/index.html",
      "shop",
      "shop.html",
    ]);
    const including = await viewOf(site, { cleanUrls: "plain" }, { include: ["*.html", "about"] });
    expect(including.map((file) => file.path)).toEqual(["about", "about.html", "shop.html"]);
  });
});
