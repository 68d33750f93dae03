import { once } from "node:events";
import { createServer } from "node:http";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { cloudFrontCdn } from "../../src/cdns/cloudfront.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { CLOUDFRONT, type CloudFrontFake, startCloudFrontFake } from "../doubles/cloudfront-fake.ts";
import { startProvider } from "../doubles/provider-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { siteItems } from "./site-items.ts";

function open(fake: CloudFrontFake, given: object = {}): Promise<Cdn> {
  const config = { type: "cloudfront", ...CLOUDFRONT, endpoint: fake.url, ...given };
  return cloudFrontCdn.open(cloudFrontCdn.schema.parse(config), { name: "edge", baseDir: "/" });
}

testCdn("cloudfront", async () => {
  const fake = await startCloudFrontFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [CLOUDFRONT.secretAccessKey] };
});

let fake: CloudFrontFake;
beforeEach(async () => {
  fake = await startCloudFrontFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

/** A clock that is later at once, and lets the fake's invalidations be completed by it. */
function quickCtx(onSleep: () => void) {
  let now = Date.now();
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      onSleep();
    },
  };
  return testCtx({ clock });
}

const key = "20261122T174501-3f9a2c71-edge-1";
const page = { kind: "exact", path: "/%E4%BC%9A%E7%A4%BE/index.html" } as const;

describe("an invalidation", () => {
  test("names files, directories, tags and everything in one request", async () => {
    const cdn = await opened();
    const mixed = [
      page,
      { kind: "directory", path: "/blog/" },
      { kind: "tag", tag: "news" },
      { kind: "everything" },
    ] as const;
    const { id } = await cdn.purge({ key, items: mixed }, testCtx());
    expect(id).toBe("I0000000000001");
    expect(fake.seen).toHaveLength(1);
    expect(fake.purged()).toEqual(["/%E4%BC%9A%E7%A4%BE/index.html", "/blog/*", "#news", "/*"]);
  });

  test("encodes what CloudFront calls unsafe, and pays for each path once", async () => {
    const cdn = await opened();
    const spellings = ["/~suzuki/%5B1%5D.html", "/%7Esuzuki/%5B1%5D.html", "/~suzuki/[1].html", "/a%2Ab*c|d^.html"];
    await cdn.purge({ key, items: spellings.map((path) => ({ kind: "exact", path })) }, testCtx());
    expect(fake.purged()).toEqual(["/%7Esuzuki/%5B1%5D.html", "/a%2Ab%2Ac%7Cd%5E.html"]);
  });

  test("that is asked for twice under one key is made once", async () => {
    const cdn = await opened();
    fake.break("cut", 1);
    const { id } = await cdn.purge(
      { key, items: [page] },
      quickCtx(() => {}),
    );
    const again = await cdn.purge({ key, items: [page] }, testCtx());
    expect(again.id).toBe(id);
    expect(fake.purged()).toHaveLength(1);
  });

  test("of something else under the same key is refused, with what to do", async () => {
    const cdn = await opened();
    await cdn.purge({ key, items: [page] }, testCtx());
    const other = cdn.purge({ key, items: [{ kind: "exact", path: "/other.html" }] }, testCtx());
    await expect(other).rejects.toMatchObject({ kind: "conflict", code: "purge-key-taken", hint: expect.any(String) });
  });

  test("is through when CloudFront says so", async () => {
    fake.course.takesMs = 60_000;
    const cdn = await opened();
    const receipt = await cdn.purge({ key, items: [page] }, testCtx());
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(false);
    fake.course.takesMs = 0;
    const short = await cdn.purge({ key: `${key}-2`, items: [page] }, testCtx());
    expect(await cdn.isThrough?.(short, testCtx())).toBe(true);
  });
});

describe("invalidations under way", () => {
  test("are waited for by minutes, and told", async () => {
    fake.course.takesMs = 300;
    const cdn = await opened();
    await cdn.purge({ key, items: siteItems("directory", 15) }, testCtx());
    let sleeps = 0;
    const ctx = testCtx({
      clock: {
        now: () => sleeps * 60_000,
        async sleep() {
          sleeps++;
          await new Promise((resolve) => setTimeout(resolve, 100));
        },
      },
    });
    await cdn.purge({ key: `${key}-2`, items: siteItems("directory", 1) }, ctx);
    expect(fake.purged()).toHaveLength(16);
    expect(sleeps).toBeGreaterThan(1);
    expect(ctx.events[0]).toMatchObject({ type: "retry", target: "edge", attempt: 1 });
    for (const event of ctx.events)
      expect(event).toMatchObject({ waitSeconds: expect.toSatisfy((s: number) => s >= 20) });
  });

  test("that never end are given up after twenty minutes, as something that passes", async () => {
    fake.course.takesMs = 3_600_000;
    const cdn = await opened();
    await cdn.purge({ key, items: siteItems("exact", 3000) }, testCtx());
    const ctx = quickCtx(() => {});
    const startedAt = ctx.clock.now();
    const more = cdn.purge({ key: `${key}-2`, items: [{ kind: "exact", path: "/x.html" }] }, ctx);
    await expect(more).rejects.toMatchObject({ kind: "transient", code: "purges-under-way" });
    expect(ctx.clock.now() - startedAt).toBeGreaterThan(15 * 60_000);
    expect(ctx.events.length).toBeLessThan(60);
  });
});

describe("keys", () => {
  test("are found where AWS's tools find them", async () => {
    const { accessKeyId, secretAccessKey } = CLOUDFRONT;
    process.env.AWS_ACCESS_KEY_ID = accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
    onTestFinished(() => {
      delete process.env.AWS_ACCESS_KEY_ID;
      delete process.env.AWS_SECRET_ACCESS_KEY;
    });
    const cdn = await opened({ accessKeyId: undefined, secretAccessKey: undefined });
    await cdn.purge({ key, items: [page] }, testCtx());
    expect(fake.purged()).toHaveLength(1);
  });

  test("of a profile that is not there are told as missing", async () => {
    const cdn = await opened({ accessKeyId: undefined, secretAccessKey: undefined, profile: "no-such-profile" });
    const purge = cdn.purge({ key, items: [page] }, testCtx());
    await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-missing" });
  });

  test("with a wrong secret end the call at once", async () => {
    const ctx = testCtx();
    const purge = (await opened({ secretAccessKey: "wrong" })).purge({ key, items: [page] }, ctx);
    await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
    expect(ctx.events).toEqual([]);
  });

  test("that have expired are told as such", async () => {
    fake.course.expires = 0;
    const purge = (await opened()).purge({ key, items: [page] }, testCtx());
    await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-expired" });
  });

  test.each([-1, 1])("sign by CloudFront's clock where this machine's is wrong (%i hour)", async (hours) => {
    fake.course.skewMs = hours * 3_600_000;
    const ctx = testCtx();
    await (await opened()).purge({ key, items: [page] }, ctx);
    expect(fake.purged()).toHaveLength(1);
    expect(ctx.events).toEqual([]);
  });

  test("without the right are told which action is missing, and on what", async () => {
    fake.course.denied.add("CreateInvalidation");
    const purge = (await opened()).purge({ key, items: [page] }, testCtx());
    await expect(purge).rejects.toMatchObject({
      kind: "auth",
      code: "permission-denied",
      hint: expect.stringMatching(/cloudfront:CreateInvalidation on arn:aws:cloudfront::.*E1FAKE00000000/),
    });
  });
});

test("a rate that is exceeded is waited out", async () => {
  fake.course.perSecond = 5;
  const cdn = await opened();
  const ctx = testCtx();
  await Promise.all(Array.from({ length: 6 }, (_, at) => cdn.purge({ key: `${key}-${at}`, items: [page] }, ctx)));
  expect(fake.purged()).toHaveLength(6);
  expect(ctx.events).toContainEqual(
    expect.objectContaining({ type: "retry", reason: expect.stringContaining("Rate exceeded") }),
  );
});

test("a wrong distribution is told as such", async () => {
  const purge = (await opened({ distributionId: "E9OTHER" })).purge({ key, items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    kind: "not-found",
    code: "cdn-not-found",
    hint: expect.stringContaining("`distributionId`"),
  });
});

test("an address where nobody listens is told as such", async () => {
  const cdn = await opened({ endpoint: "http://127.0.0.1:1" });
  const ctx = quickCtx(() => {});
  await expect(cdn.purge({ key, items: [page] }, ctx)).rejects.toMatchObject({
    kind: "transient",
    code: "connect-failed",
  });
});

test.each([
  [200, "config", "cdn-unclear"],
  [403, "config", "cdn-unclear"],
  [502, "transient", "server-error"],
])("a proxy's page with status %i is no answer of CloudFront's", async (status, kind, code) => {
  const html = () => ({ status, headers: { "content-type": "text/html" }, body: "<html><p>proxy<br></html>" });
  await using proxy = await startProvider({ unauthorised: () => undefined, answer: html, failure: html });
  const cdn = await opened({ endpoint: proxy.url });
  await expect(
    cdn.purge(
      { key, items: [page] },
      quickCtx(() => {}),
    ),
  ).rejects.toMatchObject({ kind, code });
});

test("a stop ends a request that is not answered", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const stop = new AbortController();
  const purge = (await opened({ endpoint })).purge({ key, items: [page] }, testCtx({ signal: stop.signal }));
  setTimeout(() => stop.abort(), 100);
  await expect(purge).rejects.toMatchObject({ kind: "aborted" });
});

test("it is looked at without being invalidated", async () => {
  const found = await (await opened()).examine?.(testCtx());
  expect(found).toEqual(["distribution E1FAKE00000000 (d111111abcdef8.cloudfront.net, www.example.jp), enabled"]);
  expect(fake.purged()).toEqual([]);
});

test.each([
  [{ secretAccessKey: undefined }, "secretAccessKey"],
  [{ accessKeyId: undefined }, "accessKeyId"],
  [{ profile: "deploy" }, "profile"],
  [{ distributionId: "https://d111.cloudfront.net" }, "distributionId"],
])("%o is a mistake in the configuration", (given, path) => {
  const read = cloudFrontCdn.schema.safeParse({ type: "cloudfront", ...CLOUDFRONT, ...given });
  expect(read.error?.issues).toMatchObject([{ path: [path] }]);
});
