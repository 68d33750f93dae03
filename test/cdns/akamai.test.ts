import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { signEdgeGrid } from "../../src/cdns/akamai/sign-edgegrid.ts";
import { akamaiCdn } from "../../src/cdns/akamai.ts";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { batchItems } from "../../src/core/purge-batches.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { AKAMAI, type AkamaiFake, startAkamaiFake } from "../doubles/akamai-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { siteItems } from "./site-items.ts";

const { clientToken, clientSecret, accessToken, cpCodes } = AKAMAI;

function open(fake: AkamaiFake, given: object = {}, baseDir = "/"): Promise<Cdn> {
  const keys = { host: fake.url, clientToken, clientSecret, accessToken };
  return akamaiCdn.open(akamaiCdn.schema.parse({ type: "akamai", ...keys, ...given }), { name: "edge", baseDir });
}

testCdn("akamai", async () => {
  const fake = await startAkamaiFake();
  // The suite's clock is another one than the fake's.
  fake.state.skewMs = undefined;
  return { open: () => open(fake, { cpCodes }), items: siteItems, fake, secrets: [clientSecret] };
});

let fake: AkamaiFake;
beforeEach(async () => {
  fake = await startAkamaiFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}, baseDir?: string): Promise<Cdn> {
  const cdn = await open(fake, given, baseDir);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const key = "20261122T174501-3f9a2c71-edge-1";
const origin = "https://www.example.jp";
const page = { kind: "exact", origin, path: "/%E4%BC%9A%E7%A4%BE/index.html" } as const;

describe("a purge", () => {
  test("invalidates addresses in production", async () => {
    expect(await (await opened()).purge({ key, items: [page] }, testCtx())).toEqual({ id: "edup-1" });
    expect(fake.seen.map(({ target }) => target)).toEqual(["/ccu/v3/invalidate/url/production"]);
    expect(fake.purged()).toEqual(["https://www.example.jp/%E4%BC%9A%E7%A4%BE/index.html"]);
  });

  test("deletes in staging where that is configured", async () => {
    const cdn = await opened({ method: "delete", network: "staging" });
    await cdn.purge({ key, items: [{ kind: "tag", tag: "fall-sale" }] }, testCtx());
    expect(fake.seen.map(({ target }) => target)).toEqual(["/ccu/v3/delete/tag/staging"]);
    expect(fake.purged()).toEqual(["delete fall-sale"]);
  });

  test("of everything is one of the CP codes, and can't be asked for without them", async () => {
    const cdn = await opened({ cpCodes });
    await cdn.purge({ key, items: [{ kind: "everything" }] }, testCtx());
    expect(JSON.parse(String(fake.seen[0]?.body))).toEqual({ objects: [12345, 98765] });
    expect((await opened()).rules.kinds).not.toHaveProperty("everything");
  });

  test("encodes what no address may have, and names each address once", async () => {
    const paths = ["/%5B1%5D%7C.html", "/[1]|.html", "/~a%2A.html", "/~a*.html"];
    await (await opened()).purge({ key, items: paths.map((path) => ({ kind: "exact", origin, path })) }, testCtx());
    expect(fake.purged()).toEqual([`${origin}/%5B1%5D%7C.html`, `${origin}/~a%2A.html`, `${origin}/~a*.html`]);
  });

  test("of 10,000 pages goes in bodies of at most 50,000 bytes, and in as few as that takes", async () => {
    const cdn = await opened();
    const batches = batchItems(siteItems("exact", 10_000), cdn.rules);
    for (const [at, items] of batches.entries()) await cdn.purge({ key: `run-edge-${at}`, items }, testCtx());
    expect(fake.purged()).toHaveLength(10_000);
    const sizes = fake.seen.map(({ body }) => body.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50_000);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(49_900);
  });

  test("of a body that is too large is refused whole", async () => {
    const purge = (await opened()).purge({ key, items: siteItems("exact", 2_000) }, testCtx());
    await expect(purge).rejects.toMatchObject({ code: "cdn-refused" });
    expect(fake.purged()).toEqual([]);
  });

  test("of a host that is somebody else's says which address it was", async () => {
    const foreign = { kind: "exact", origin: "https://www.example.com", path: "/" } as const;
    await expect((await opened()).purge({ key, items: [page, foreign] }, testCtx())).rejects.toMatchObject({
      kind: "config",
      code: "not-yours",
      message: expect.stringContaining("https://www.example.com/"),
      hint: expect.stringContaining("`baseUrls`"),
    });
    expect(fake.purged()).toEqual([]);
  });
});

test("a bucket that is empty is waited for five seconds, and told", async () => {
  await using slow = await startAkamaiFake({ requests: { burst: 2, perSecond: 2 } });
  await using cdn = await open(slow);
  const waits: number[] = [];
  const clock = {
    now: () => Date.now(),
    async sleep(ms: number) {
      waits.push(ms);
      await new Promise((resolve) => setTimeout(resolve, ms / 5));
    },
  };
  const ctx = testCtx({ clock });
  for (let at = 0; at < 4; at++) await cdn.purge({ key: `run-edge-${at}`, items: [page] }, ctx);
  expect(slow.purged()).toHaveLength(4);
  expect(new Set(waits)).toEqual(new Set([5_000]));
  expect(ctx.events[0]).toMatchObject({ type: "retry", target: "edge", waitSeconds: 5 });
});

describe("a signature", () => {
  // Made by Akamai's own akamai-edgegrid 4.0.4.
  test("is the one that Akamai's own library makes", () => {
    const url = new URL("https://akab-x.luna.akamaiapis.net/ccu/v3/invalidate/url/production?a=b");
    const body = Buffer.from('{"objects":["https://www.example.jp/%E4%BC%9A%E7%A4%BE/"]}');
    const keys = { clientToken: "ct", clientSecret: "c2VjcmV0+/=", accessToken: "at" };
    const header = signEdgeGrid({ method: "POST", url, body }, keys, Date.UTC(2026, 10, 3, 4, 5, 6), "n-1");
    expect(header).toBe(
      "EG1-HMAC-SHA256 client_token=ct;access_token=at;timestamp=20261103T04:05:06+0000;nonce=n-1;signature=TiYptPoXMXXuSowfYysaYxp/FxWXq/cFHjE7o3C9YIA=",
    );
  });

  test.each([-1, 1])("follows Akamai's clock where this machine's is wrong (%i minute)", async (minutes) => {
    fake.state.skewMs = minutes * 60_000;
    const ctx = testCtx();
    await (await opened()).purge({ key, items: [page] }, ctx);
    expect(fake.purged()).toHaveLength(1);
    expect(ctx.events).toEqual([]);
  });

  test("is another one for each attempt", async () => {
    fake.break("500", 1);
    await (await opened()).purge({ key, items: [page] }, testCtx());
    const headers = fake.seen.map((request) => request.headers.authorization);
    expect(new Set(headers).size).toBe(2);
  });
});

describe("credentials", () => {
  test.each(["clientToken", "clientSecret", "accessToken"])("with a wrong %s end the call at once", async (wrong) => {
    const ctx = testCtx();
    const purge = (await opened({ [wrong]: "wrong" })).purge({ key, items: [page] }, ctx);
    await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
    expect(ctx.events).toEqual([]);
  });

  test("without the right are told which one", async () => {
    fake.state.denied = true;
    const purge = (await opened()).purge({ key, items: [page] }, testCtx());
    await expect(purge).rejects.toMatchObject({
      kind: "auth",
      code: "permission-denied",
      hint: expect.stringContaining("CCU APIs"),
    });
  });

  const fromFile = { host: undefined, clientToken: undefined, clientSecret: undefined, accessToken: undefined };

  async function folderWith(edgerc: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "smartsync-edgerc-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "edgerc"), edgerc);
    return folder;
  }

  test.each(["\n", "\r\n"])("are read from a section of an .edgerc file, as Akamai's tools do (%j)", async (end) => {
    const lines = [
      "\uFEFF# 本番",
      "[default]",
      "host = akab-other.luna.akamaiapis.net",
      "[ccu]",
      "; the client for purges",
      `client_secret = "${clientSecret}" ; comment`,
      `host=${fake.url}/`,
      `access_token = ${accessToken}   # comment`,
      `  client_token = ${clientToken}`,
      "max-body = 131072",
    ];
    const folder = await folderWith(lines.join(end));
    const cdn = await opened({ ...fromFile, edgerc: "edgerc", section: "ccu" }, folder);
    await cdn.purge({ key, items: [page] }, testCtx());
    expect(fake.purged()).toHaveLength(1);
  });

  test.each([
    ["[default]\nhost = a.example", {}, "no client_token", undefined],
    ["[ccu]\nhost = a.example\n[dev]", {}, "no section [default]", "it has ccu, dev"],
    ["", { edgerc: "elsewhere" }, "could not read", "`edgerc`"],
    [
      `[default]\nhost = a b\nclient_token = a\nclient_secret = ${clientSecret}\naccess_token = c`,
      {},
      "no host name",
      "akab-",
    ],
  ])("that are incomplete are told as such, without any of them (%j)", async (edgerc, given, message, hint = "") => {
    const folder = await folderWith(edgerc);
    const error = await open(fake, { ...fromFile, edgerc: "edgerc", ...given }, folder).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ kind: "auth", code: "credentials-missing" });
    expect(error).toMatchObject({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
    expect(String(error)).not.toContain(clientSecret);
  });

  test.each([
    [{ clientSecret: undefined }, "clientSecret"],
    [{ section: "ccu" }, "section"],
    [{ cpCodes: ["12345"] }, "cpCodes"],
  ])("%o is a mistake in the configuration", (given, path) => {
    const keys = { host: "akab-x.luna.akamaiapis.net", clientToken, clientSecret, accessToken };
    const read = akamaiCdn.schema.safeParse({ type: "akamai", ...keys, ...given });
    expect(read.error?.issues.map((issue) => issue.path[0])).toEqual([path]);
  });
});
