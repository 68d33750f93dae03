import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SiteConfig } from "../../src/config/schema.ts";
import { pageTest, servingRulesOf, warnOfTakenUrls } from "../../src/deploy/site-source.ts";
import { compileHeaders } from "../../src/site/headers.ts";
import { loadText } from "../config/scratch.ts";
import { local, relPath } from "../core/snapshots.ts";
import { testCtx } from "../doubles/test-ctx.ts";

/** A site of a real configuration, with these lines in it. */
async function siteWith(lines: string): Promise<SiteConfig> {
  const settings = lines.trimEnd().replaceAll("\n", "\n    ");
  const target = "targets: { copy: { type: local, path: ./copy } }";
  const { sites } = await loadText(
    `sites:\n  本社:\n    source: ./public\n    targets: [copy]\n    ${settings}\n${target}\n`,
  );
  const { 本社: site } = sites;
  if (site === undefined) throw new Error("the site is not there");
  return site;
}

describe("a site that stores serve", () => {
  test("has the rules that its configuration says, one pattern or several for each", async () => {
    const site = await siteWith(`cleanUrls: both
headers:
  - { match: "**", contentLanguage: ja, metadata: { build: "42" } }
  - { match: [/en/, /us/], contentLanguage: en, compress: br }`);
    expect(servingRulesOf(site)).toEqual({
      cleanUrls: "both",
      headers: [
        { match: ["**"], contentLanguage: "ja", metadata: { build: "42" } },
        { match: ["/en/", "/us/"], contentLanguage: "en", compress: "br" },
      ],
    });
    expect(servingRulesOf(await siteWith("htaccess: true"))).toEqual({ headers: [], cleanUrls: "none" });
  });

  const pages = ["about.html", "feed.xml", "about/index.html", "会社/案内.html"];
  test.each([
    ["none", pages],
    ["slash", pages],
    ["plain", [...pages, "about", "会社/案内"]],
    ["both", [...pages, "about", "会社/案内"]],
  ])("cleanUrls %s: a page's clean URL is a page, sent after everything else", async (cleanUrls, expected) => {
    const isPage = pageTest(await siteWith(`cleanUrls: ${cleanUrls}`));
    expect([...pages, "about", "会社/案内", "logo.png", "v1.2/app.js"].filter(isPage)).toEqual(expected);
  });

  test("is told of pages whose clean URL is another file", async () => {
    const ctx = testCtx();
    const { files } = local({ "a.html": "1", "a/index.html": "2", "b.html": "3", "b/index.html": "4", "c.html": "5" });
    const scan = { snapshot: { files }, problems: [], hashed: 0 };
    warnOfTakenUrls(await siteWith("cleanUrls: plain"), scan, ctx);
    expect(ctx.events).toEqual([]);
    warnOfTakenUrls(await siteWith("cleanUrls: both"), scan, ctx);
    expect(ctx.events).toEqual([
      {
        type: "warning",
        code: "clean-url-taken",
        message: "a.html has no clean URL: there is a file a/index.html with other content, and 1 more",
        hint: "visitors get that file there; rename one of the two, or leave it as it is",
      },
    ]);
  });
});

describe("docs/headers.md", () => {
  const shown = [...readFileSync("docs/headers.md", "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
  const served = async (lines: string, path: string) =>
    compileHeaders(servingRulesOf(await siteWith(lines)).headers)({ path: relPath(path), size: 6_000 });

  test("shows rules that do what it says of them", async () => {
    const [general = "", shiftJis = "", gzip = "", redirect = "", ...others] = shown.map(([, text = ""]) => text);
    expect(others).toEqual([]);
    expect(await served(general, "資料/案内.pdf")).toMatchObject({
      contentLanguage: "ja",
      contentDisposition: expect.stringContaining("filename*=UTF-8''"),
    });
    expect(await served(general, "assets/index-DiwrgTda.js")).toMatchObject({
      cacheControl: expect.stringContaining("immutable"),
    });
    expect(await served(shiftJis, "js/menu.js")).toMatchObject({ contentType: "text/javascript; charset=Shift_JIS" });
    expect(await served(shiftJis, "feed/index.rdf")).toMatchObject({ contentType: "application/rdf+xml" });
    expect(await served(gzip, "index.html")).toMatchObject({ contentEncoding: "gzip" });
    expect(await served(redirect, "company/old.html")).toMatchObject({ redirect: encodeURI("/会社/") });
  });
});
