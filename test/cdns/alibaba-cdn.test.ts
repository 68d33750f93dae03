import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { signAcs3 } from "../../src/cdns/alibaba/acs3.ts";
import { alibabaCdn } from "../../src/cdns/alibaba-cdn.ts";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { ALIBABA, type AlibabaFake, startAlibabaFake } from "../doubles/alibaba-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { beginTimes, mostWithin } from "./begin-times.ts";
import { siteItems } from "./site-items.ts";

const { accessKeyId, accessKeySecret, securityToken } = ALIBABA;
const origin = "https://www.example.jp";

function open(fake: AlibabaFake, given: object = {}): Promise<Cdn> {
  const baseUrls = [`${origin}/`];
  const config = { type: "alibaba-cdn", accessKeyId, accessKeySecret, baseUrls, apiUrl: fake.url, ...given };
  return alibabaCdn.open(alibabaCdn.schema.parse(config), { name: "edge", baseDir: "/" });
}

testCdn("alibaba-cdn", async () => {
  const fake = await startAlibabaFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [accessKeySecret, securityToken] };
});

let fake: AlibabaFake;
beforeEach(async () => {
  fake = await startAlibabaFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const page = { kind: "exact", origin, path: "/%E4%BC%9A%E7%A4%BE/a.html" } as const;

describe("the signature", () => {
  const url =
    "https://ecs.cn-shanghai.aliyuncs.com/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd";
  const request = { method: "POST", url: new URL(url), action: "RunInstances", version: "2014-05-26" };
  const key = { id: "YourAccessKeyId", secret: "YourAccessKeySecret" };
  const moment = { nowMs: Date.UTC(2023, 9, 26, 10, 22, 32), nonce: "3156853299f313e23d1673dc12e1703d" };

  test("is the one that Alibaba Cloud gives for its own example", () => {
    expect(signAcs3(request, key, moment)).toMatchObject({
      authorization:
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
      "x-acs-date": "2023-10-26T10:22:32Z",
    });
  });

  test("covers the body, and the token of a temporary key", () => {
    const { authorization } = signAcs3({ ...request, form: "a=1" }, { ...key, securityToken: "CAIS" }, moment);
    expect(authorization).toContain(
      "SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;",
    );
  });
});

describe("a refresh", () => {
  test("names addresses as files, and directories with all that is in them", async () => {
    const cdn = await opened();
    await cdn.purge({ key: "run-edge-1", items: [page, { ...page, path: "/" }] }, testCtx());
    await cdn.purge({ key: "run-edge-2", items: [{ ...page, kind: "directory", path: "/%E4%BC%9A/" }] }, testCtx());
    expect(fake.purged()).toEqual([
      "File https://www.example.jp/%E4%BC%9A%E7%A4%BE/a.html",
      "File https://www.example.jp/",
      "Directory! https://www.example.jp/%E4%BC%9A/",
    ]);
  });

  test("of everything is one of every root's directory", async () => {
    const cdn = await opened({ baseUrls: [`${origin}/`, "http://www.example.jp/shop/"] });
    await cdn.purge({ key: "run-edge-1", items: [{ kind: "everything" }] }, testCtx());
    expect(fake.purged()).toEqual(["Directory! https://www.example.jp/", "Directory! http://www.example.jp/shop/"]);
    expect(cdn.rules.kinds.everything?.perDay).toBe(50);
    expect(await cdn.quota?.(testCtx())).toEqual({ exact: 10_000, directory: 98, everything: 49 });
  });

  test("of characters that addresses can't have is spelt so that the rest is not refused with them", async () => {
    await (await opened()).purge({ key: "run-edge-1", items: [{ ...page, path: "/a|[1].html" }] }, testCtx());
    expect(fake.purged()).toEqual(["File https://www.example.jp/a%7C%5B1%5D.html"]);
  });

  test("is through when every one of its tasks is complete, asked for ten at a time", async () => {
    await using many = await startAlibabaFake({ tasksPerCall: 12 });
    await using cdn = await open(many);
    const receipt = await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    expect(receipt.id?.split(",")).toHaveLength(12);
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(false);
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(false);
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(true);
  });

  test("whose task failed is told as such", async () => {
    fake.state.course = { looks: 0, end: "Failed" };
    const cdn = await opened();
    const receipt = await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    await expect(cdn.isThrough?.(receipt, testCtx())).rejects.toMatchObject({
      kind: "refused",
      code: "purge-failed",
      message: expect.stringContaining("Internal Error"),
    });
  });
});

describe("the day's quota", () => {
  test("is told by kind", async () => {
    Object.assign(fake.state, { urls: 7, directories: 3 });
    const cdn = await opened();
    expect(await cdn.quota?.(testCtx())).toEqual({ exact: 7, directory: 3, everything: 3 });
    expect(await cdn.examine?.(testCtx())).toEqual(["7 of 10000 addresses and 3 of 100 directories are left today"]);
    expect(fake.purged()).toEqual([]);
  });

  test("when it is spent ends the call at once, and says when there is more", async () => {
    fake.state.urls = 0;
    const ctx = testCtx();
    const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, ctx);
    await expect(purge).rejects.toMatchObject({
      kind: "refused",
      code: "purge-quota",
      hint: expect.stringContaining("01:00 in Japan"),
    });
    expect(ctx.events).toEqual([]);
  });

  test("when it is enough for some of a batch is used up, and the rest is told", async () => {
    fake.state.urls = 4;
    const items = siteItems("exact", 10);
    const { id, refused = [] } = await (await opened()).purge({ key: "run-edge-1", items }, testCtx());
    expect(id).toMatch(/^\d+$/);
    expect(fake.purged()).toHaveLength(4);
    expect(refused.map(({ item }) => item)).toEqual(items.slice(4));
    expect(refused[0]?.why).toContain("quota");
  });
});

test("30,000 addresses, where the account may name so many, are never more than 10,000 in a minute nor 50 calls in a second", async () => {
  const { rules } = await opened();
  const large = Array.from({ length: 30 }, () => siteItems("exact", 1_000));
  const small = Array.from({ length: 200 }, () => siteItems("directory", 1));
  const begun = await beginTimes(rules, large);
  expect(
    mostWithin(
      begun.map((at) => [at, 1_000]),
      60,
    ),
  ).toBeLessThanOrEqual(10_000);
  expect(
    mostWithin(
      (await beginTimes(rules, small)).map((at) => [at, 1]),
      1,
    ),
  ).toBeLessThanOrEqual(50);
});

test("a clock that is wrong is set right by Alibaba's, once", async () => {
  fake.setClock(Date.now());
  const ctx = testCtx({ clock: { now: () => Date.UTC(2020, 0, 1), sleep: async () => undefined } });
  await (await opened()).purge({ key: "run-edge-1", items: [page] }, ctx);
  expect(fake.purged()).toHaveLength(1);
});

test("a clock that stays wrong is told as such", async () => {
  fake.setClock(Date.UTC(2020, 0, 1));
  const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({ kind: "auth", code: "clock-skew" });
});

test("a temporary key goes with its token", async () => {
  fake.state.temporary = true;
  const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    code: "credentials-wrong",
    hint: expect.stringContaining("`securityToken`"),
  });
  await (await opened({ securityToken })).purge({ key: "run-edge-1", items: [page] }, testCtx());
  expect(fake.purged()).toHaveLength(1);
});

test.each([
  [{ accessKeySecret: "another" }, "`accessKeySecret`"],
  [{ accessKeyId: "LTAI5tOther" }, "`accessKeyId`"],
])("a key that is not right says what of it: %o", async (given, hint) => {
  const purge = (await opened(given)).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    kind: "auth",
    code: "credentials-wrong",
    hint: expect.stringContaining(hint),
  });
});

test("who may not refresh is told which right is missing", async () => {
  fake.state.denied.add("RefreshObjectCaches");
  const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    kind: "auth",
    code: "permission-denied",
    hint: expect.stringContaining("cdn:RefreshObjectCaches"),
  });
});

test("a host name that the account does not accelerate is told as such", async () => {
  const other = { kind: "exact", origin: "https://www.example.com", path: "/" } as const;
  const purge = (await opened()).purge({ key: "run-edge-1", items: [other] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    kind: "not-found",
    code: "cdn-not-found",
    hint: expect.stringContaining("`baseUrls`"),
  });
});

test.each([
  [400, "QuotaPerMinuteExceeded.Refresh", "transient", "slow-down"],
  [400, "TooMany.Refresh", "transient", "slow-down"],
  [503, "Throttling", "transient", "slow-down"],
  [400, "SignatureNonceUsed", "transient", "slow-down"],
  [403, "OperationDenied", "config", "cdn-refused"],
  [400, "InvalidObjectPath.Malformed", "config", "cdn-refused"],
  [200, "QuotaExceeded.Refresh", "refused", "purge-quota"],
])("%i %s is told as what it is", async (status, said, kind, code) => {
  fake.state.trouble = [status, said];
  let now = Date.now();
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
    },
  };
  const look = (await opened()).examine?.(testCtx({ clock }));
  await expect(look).rejects.toMatchObject({ kind, code, message: expect.stringContaining(said) });
});

test("what answers and is not Alibaba Cloud is told as such", async () => {
  const cdn = await opened();
  fake.state.trouble = [200, ""];
  await expect(cdn.examine?.(testCtx())).rejects.toMatchObject({ kind: "config", code: "cdn-unclear" });
});
