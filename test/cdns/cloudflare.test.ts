import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { cloudflareCdn } from "../../src/cdns/cloudflare.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { CLOUDFLARE, type CloudflareFake, startCloudflareFake } from "../doubles/cloudflare-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { siteItems } from "./site-items.ts";

function open(fake: CloudflareFake, given: object = {}): Promise<Cdn> {
  const config = cloudflareCdn.schema.parse({ type: "cloudflare", ...CLOUDFLARE, apiUrl: fake.url, ...given });
  return cloudflareCdn.open(config, { name: "edge", baseDir: "/" });
}

testCdn("cloudflare", async () => {
  const fake = await startCloudflareFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [CLOUDFLARE.apiToken] };
});

let fake: CloudflareFake;
beforeEach(async () => {
  fake = await startCloudflareFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const bodies = () => fake.seen.map(({ body }) => JSON.parse(String(body)));
const origin = "https://www.example.jp";

test("addresses are named whole, directories without a scheme, everything as such, each in a request of its own", async () => {
  const cdn = await opened();
  const key = "run-edge-1";
  await cdn.purge({ key, items: [{ kind: "exact", origin, path: "/%E4%BC%9A/a%20b.html" }] }, testCtx());
  await cdn.purge({ key, items: [{ kind: "directory", origin, path: "/news/" }] }, testCtx());
  await cdn.purge({ key, items: [{ kind: "tag", tag: "news" }] }, testCtx());
  await cdn.purge({ key, items: [{ kind: "everything" }] }, testCtx());
  expect(bodies()).toEqual([
    { files: ["https://www.example.jp/%E4%BC%9A/a%20b.html"] },
    { prefixes: ["www.example.jp/news/"] },
    { tags: ["news"] },
    { purge_everything: true },
  ]);
});

test("more addresses fit in a request where the account takes them", async () => {
  await using larger = await startCloudflareFake(100);
  await using cdn = await open(larger, { addressesPerRequest: 100 });
  expect(cdn.rules.kinds.exact?.perRequest).toBe(100);
  await cdn.purge({ key: "run-edge-1", items: siteItems("exact", 100) }, testCtx());
  expect(larger.purged()).toHaveLength(100);
});

test("the plan says how fast prefixes may be purged", async () => {
  expect((await opened()).rules.kinds.directory?.pace).toEqual({ burst: 25, perSecond: 5 / 60 });
  expect((await opened({ plan: "enterprise" })).rules.kinds.directory?.pace).toEqual({ burst: 500, perSecond: 50 });
});

test("a failure under the status 200 is a failure", async () => {
  fake.state.unsuccessful = 1;
  const purge = (await opened()).purge({ key: "run-edge-1", items: siteItems("exact", 1) }, testCtx());
  await expect(purge).rejects.toMatchObject({ code: "cdn-refused", message: expect.stringContaining("purge failed") });
  expect(fake.purged()).toEqual([]);
});

test("401 by mistake is doubted: the purge is made", async () => {
  fake.break("401", 2);
  const ctx = testCtx({ clock: { now: () => 0, sleep: async () => undefined } });
  await (await opened()).purge({ key: "run-edge-1", items: siteItems("exact", 1) }, ctx);
  expect(fake.purged()).toHaveLength(1);
  expect(ctx.events.map(({ type }) => type)).toEqual(["retry", "retry"]);
});

test("a token that may not purge is told which permission it needs", async () => {
  fake.state.denied = true;
  const purge = (await opened()).purge({ key: "run-edge-1", items: siteItems("exact", 1) }, testCtx());
  const hint = expect.stringContaining("Cache Purge");
  await expect(purge).rejects.toMatchObject({ kind: "auth", code: "permission-denied", hint });
});

test("a wrong zone is told as such", async () => {
  const cdn = await opened({ zoneId: "f".repeat(32) });
  const purge = cdn.purge({ key: "run-edge-1", items: siteItems("exact", 1) }, testCtx());
  const hint = expect.stringContaining("`zoneId`");
  await expect(purge).rejects.toMatchObject({ kind: "not-found", code: "cdn-not-found", hint });
});

test("the zone can be looked at without purging it", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["zone example.jp, active"]);
  expect(fake.purged()).toEqual([]);
});
