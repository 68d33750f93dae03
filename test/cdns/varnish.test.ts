import { expect, onTestFinished, test } from "vitest";
import { varnishCdn } from "../../src/cdns/varnish.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { startPageOrigin } from "../doubles/page-origin.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { visit } from "../doubles/visitor.ts";
import { startVarnish } from "../servers/varnish.ts";
import { testCaches } from "./test-caches.ts";

const open = (settings: object) =>
  varnishCdn.open(varnishCdn.schema.parse({ type: "varnish", ...settings }), { name: "edge", baseDir: "/" });

testCaches({ name: "varnish", start: startVarnish, open });

const origin = "http://www.example.jp";
const folder = "/%E3%81%8A%E7%9F%A5%E3%82%89%E3%81%9B/";

/** A Varnish with pages cached, and how many of them are still. */
async function startFilled(addresses: readonly string[]) {
  const pages = await startPageOrigin();
  const node = await startVarnish({ origin: pages.url });
  onTestFinished(async () => {
    await node.stop();
    await pages[Symbol.asyncDispose]();
  });
  const visitAll = (host: string) => Promise.all(addresses.map((address) => visit(node.url, host, address)));
  for (const host of ["www.example.jp", "blog.example.jp"]) await visitAll(host);
  return {
    async purge(...items: readonly PurgeItem[]) {
      await using cdn = await open({ nodes: [node.url], baseUrls: [`${origin}/`], bans: true });
      await cdn.purge({ key: "run-edge-1", items }, testCtx());
    },
    /** The addresses that the origin is asked for when everybody comes back to this host. */
    async fetched(host = "www.example.jp"): Promise<string[]> {
      const found: string[] = [];
      for (const address of addresses) {
        const before = pages.requests();
        await visit(node.url, host, address);
        if (pages.requests() > before) found.push(address);
      }
      return found;
    },
  };
}

test("a folder is banned with all that is below it, query strings included, and nothing else", async () => {
  const below = [folder, `${folder}index.html`, `${folder}2026/a%20b.html?page=2`];
  const site = await startFilled(["/", "/news/", ...below, folder.slice(0, -1), `/old${folder}`]);
  await site.purge({ kind: "directory", origin, path: folder });
  expect(await site.fetched()).toEqual(below);
  expect(await site.fetched("blog.example.jp")).toEqual([]);
});

test("the marks of a folder's name mean nothing else in a ban", async () => {
  const site = await startFilled(["/a.b(1)+$/", "/a.b(1)+$/x", "/aXb(1)+$/", "/ab/"]);
  await site.purge({ kind: "directory", origin, path: "/a.b(1)+$/" });
  expect(await site.fetched()).toEqual(["/a.b(1)+$/", "/a.b(1)+$/x"]);
});

test("the whole site is the folder of its root: other sites of the same Varnish stay cached", async () => {
  const site = await startFilled(["/", "/a.html", "/b/c.html"]);
  await site.purge({ kind: "directory", origin, path: "/" });
  expect(await site.fetched()).toEqual(["/", "/a.html", "/b/c.html"]);
  expect(await site.fetched("blog.example.jp")).toEqual([]);
});

test("a tag is banned where it stands as a whole word, whichever host it is", async () => {
  const site = await startFilled(["/news/1.html", "/a.html"]);
  await site.purge({ kind: "tag", tag: "new" }, { kind: "tag", tag: "ne.s" });
  expect(await site.fetched()).toEqual([]);
  await site.purge({ kind: "tag", tag: "missing" }, { kind: "tag", tag: "news" });
  expect(await site.fetched("blog.example.jp")).toEqual(["/news/1.html", "/a.html"]);
});

test("nothing but addresses is asked for where bans are not set up", async () => {
  await using cdn = await open({ nodes: ["http://127.0.0.1:9"] });
  expect(Object.keys(cdn.rules.kinds)).toEqual(["exact"]);
});
