import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { planPurge } from "../../src/core/plan-purge.ts";
import { parseRelPath } from "../../src/core/rel-path.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { startFaultyNode } from "../doubles/faulty-node.ts";
import { type PageOrigin, startPageOrigin } from "../doubles/page-origin.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { visit } from "../doubles/visitor.ts";
import type { CacheNode, CacheOptions } from "../servers/cache-node.ts";
import { startNginx } from "../servers/nginx.ts";
import { siteItems } from "./site-items.ts";

/** A kind of cache that people run themselves: how one of it is started, and opened as a CDN with some settings. */
export interface CacheKind {
  readonly name: string;
  start(options: Omit<CacheOptions, "hostHeader">): Promise<CacheNode>;
  open(settings: object): Promise<Cdn>;
}

const HOST = "www.example.jp";
const SITE = `http://${HOST}/`;
const SECRET = "purge-s3cret";
const KEY = "20261122T174501-3f9a2c71-caches-1";

/** What every such cache is to do, on real nodes that are set up as the documentation says. */
export function testCaches({ name, start, open }: CacheKind): void {
  let origin: PageOrigin;
  let nodes: readonly CacheNode[];
  let guarded: CacheNode;
  beforeAll(async () => {
    origin = await startPageOrigin();
    const from = { origin: origin.url };
    [guarded, ...nodes] = await Promise.all([start({ ...from, secret: SECRET }), start(from), start(from)]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([guarded, ...nodes].map((node) => node.stop()));
    await origin[Symbol.asyncDispose]();
  });

  testCdn(name, async () => {
    const fake = await startFaultyNode(guarded.url);
    const cdn = () => open({ nodes: [fake.url], secret: SECRET });
    return { open: cdn, items: siteItems, fake, secrets: [SECRET] };
  });

  describe(`${name} on two nodes`, () => {
    const urls = () => nodes.map(({ url }) => url);
    async function opened(settings: object = {}): Promise<Cdn> {
      const cdn = await open({ nodes: urls(), baseUrls: [SITE], ...settings });
      onTestFinished(() => cdn[Symbol.asyncDispose]());
      return cdn;
    }
    /** What visitors see at an address, at each node, with a browser and with a crawler. */
    async function sightsOf(path: string): Promise<string[]> {
      const visits = urls().flatMap((url) => [visit(url, HOST, path), visit(url, HOST, path, "crawler")]);
      return (await Promise.all(visits)).map(({ status, text }) => `${status} ${text}`);
    }
    const everywhere = (sight: string) => urls().flatMap(() => [sight, sight]);
    async function purge(cdn: Cdn, paths: readonly string[]): Promise<void> {
      const changed = paths.flatMap((path) => parseRelPath(path) ?? []);
      const { batches } = planPurge({
        changed,
        site: changed,
        addresses: { baseUrls: [SITE], cleanUrls: "none" },
        rules: cdn.rules,
        tolerance: { seconds: 0, usd: 0 },
        usage: { itemsThisMonth: 0 },
      });
      for (const items of batches) await cdn.purge({ key: KEY, items }, testCtx());
    }

    beforeEach(async () => {
      origin.pages.clear();
    });

    test.each([
      ["the front page", "index.html", ["/", "/index.html"]],
      [
        "a page in a folder with a Japanese name",
        "お知らせ/index.html",
        spellings("/お知らせ/", "/お知らせ/index.html"),
      ],
      ["a file with a Japanese name", "資料/会社案内.html", spellings("/資料/会社案内.html")],
      ["a file with spaces", "a b c.html", ["/a%20b%20c.html"]],
      ["a file with marks that browsers send as they are", "x^y[1]|*~.html", ["/x^y[1]|*~.html"]],
    ])("%s is old before and new after, at every address", async (_, file, addresses) => {
      const show = (text: string) => {
        for (const address of addresses) origin.pages.set(decodeURIComponent(address), text);
      };
      show("古い");
      for (const address of addresses) expect(await sightsOf(address)).toEqual(everywhere("200 古い"));
      show("新しい");
      for (const address of addresses) expect(await sightsOf(address)).toEqual(everywhere("200 古い"));
      await purge(await opened(), [file]);
      for (const address of addresses) expect(await sightsOf(address)).toEqual(everywhere("200 新しい"));
    });

    test("a deleted file is gone after, and a new one is there", async () => {
      origin.pages.set("/削除.html", "まだある");
      const [gone, added] = [encodeURI("/削除.html"), encodeURI("/新規.html")];
      const expectOld = async () => {
        expect(await sightsOf(gone)).toEqual(everywhere("200 まだある"));
        expect(await sightsOf(added)).toEqual(everywhere("404 ありません"));
      };
      await expectOld();
      origin.pages.delete("/削除.html");
      origin.pages.set("/新規.html", "できた");
      await expectOld();
      await purge(await opened(), ["削除.html", "新規.html"]);
      expect(await sightsOf(gone)).toEqual(everywhere("404 ありません"));
      expect(await sightsOf(added)).toEqual(everywhere("200 できた"));
    });

    test("what has not changed stays cached, as does what is called the same on another host", async () => {
      origin.pages.set("/same.html", "同じ").set("/other.html", "前");
      await sightsOf("/same.html");
      for (const url of urls()) await visit(url, "blog.example.jp", "/other.html");
      origin.pages.set("/other.html", "後");
      await purge(await opened(), ["other.html"]);
      const before = origin.requests();
      await sightsOf("/same.html");
      for (const url of urls()) expect((await visit(url, "blog.example.jp", "/other.html")).text).toBe("前");
      expect(origin.requests()).toBe(before);
    });

    test("a node that is down is named, and the other one drops everything all the same", async () => {
      const addresses = Array.from({ length: 40 }, (_, at) => `ページ${at}.html`);
      for (const address of addresses) {
        origin.pages.set(`/${address}`, "古い");
        await sightsOf(encodeURI(`/${address}`));
        origin.pages.set(`/${address}`, "新しい");
      }
      const ctx = patientCtx();
      const cdn = await opened({ nodes: ["http://127.0.0.1:9", nodes[1]?.url] });
      const items = addresses.map(
        (each) => ({ kind: "exact", origin: `http://${HOST}`, path: encodeURI(`/${each}`) }) as const,
      );
      await expect(cdn.purge({ key: KEY, items }, ctx)).rejects.toMatchObject({
        kind: "transient",
        code: "connect-failed",
        message: expect.stringMatching(/on http:\/\/127\.0\.0\.1:9: .*\(the other node was purged\)$/),
      });
      for (const address of addresses) {
        const [left, , right] = await sightsOf(encodeURI(`/${address}`));
        expect([left, right]).toEqual(["200 古い", "200 新しい"]);
      }
      expect(ctx.clock.now()).toBeGreaterThan(60_000);
      expect(ctx.events.map((event) => event.type === "retry" && event.attempt)).toEqual(
        ctx.events.map((_, at) => at + 1),
      );
    });

    test("a server that takes no purges is told how to be set up", async () => {
      await using web = await startNginx({ root: "/nonexistent" });
      const cdn = await opened({ nodes: [web.url] });
      await expect(cdn.purge({ key: KEY, items: siteItems("exact", 1) }, testCtx())).rejects.toMatchObject({
        kind: "auth",
        code: "permission-denied",
        message: expect.stringContaining(`on ${web.url}: the answer was 405`),
        hint: expect.stringContaining(`docs/cdns/${name}.md`),
      });
    });

    test("a node is told method, scheme, host and path as they are set up and stand in the address", async () => {
      await using fake = await startFaultyNode(guarded.url);
      fake.break("401", 1);
      const cdn = await opened({
        nodes: [fake.url],
        method: "NOTIFY",
        secret: `Bearer ${SECRET}`,
        header: "Authorization",
      });
      const item = { kind: "exact", origin: "https://例え.example.jp:8443", path: "/%E4%BC%9A^/a%20b.html" } as const;
      await expect(cdn.purge({ key: KEY, items: [item] }, testCtx())).rejects.toMatchObject({
        code: "credentials-wrong",
      });
      expect(fake.asked).toMatchObject([
        {
          method: "NOTIFY",
          url: item.path,
          headers: {
            host: "xn--r8jz45g.example.jp:8443",
            "x-forwarded-proto": "https",
            authorization: `Bearer ${SECRET}`,
          },
        },
      ]);
    });

    test("a wrong secret is told as such", async () => {
      const cdn = await opened({ nodes: [guarded.url], secret: "another" });
      await expect(cdn.purge({ key: KEY, items: siteItems("exact", 1) }, testCtx())).rejects.toMatchObject({
        kind: "auth",
        code: "credentials-wrong",
        hint: expect.stringContaining("`secret`"),
      });
    });

    test("the nodes can be looked at without anything being dropped", async () => {
      origin.pages.set("/", "トップ");
      await sightsOf("/");
      const before = origin.requests();
      expect(await (await opened()).examine?.(testCtx())).toEqual([expect.stringMatching(/^2 nodes, PURGE .*taken$/)]);
      await sightsOf("/");
      expect(origin.requests()).toBe(before);
      const wrong = await opened({ nodes: [guarded.url] });
      await expect(wrong.examine?.(testCtx())).rejects.toMatchObject({ code: "credentials-wrong" });
    });
  });
}

/** Addresses as they are linked to, with capital digits and with small ones. */
function spellings(...paths: readonly string[]): string[] {
  const usual = paths.map((path) => encodeURI(path));
  return [...usual, ...usual.map((path) => path.replace(/%../g, (code) => code.toLowerCase()))];
}

/** A context whose clock does not wait: it is later at once. */
function patientCtx() {
  let now = 0;
  const sleep = async (ms: number) => {
    now += ms;
  };
  return testCtx({ clock: { now: () => now, sleep } });
}
