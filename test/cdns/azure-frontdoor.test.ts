import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { azureFrontDoorCdn } from "../../src/cdns/azure-frontdoor.ts";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { AZURE, type AzureCdnFake, startAzureCdnFake } from "../doubles/azure-cdn-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { azureItems, openAzure } from "./azure-setting.ts";

testCdn("azure-frontdoor", async () => {
  const fake = await startAzureCdnFake("afdEndpoints");
  return { open: () => openAzure(fake, "azure-frontdoor"), items: azureItems, fake, secrets: [AZURE.clientSecret] };
});

let fake: AzureCdnFake;
beforeEach(async () => {
  fake = await startAzureCdnFake("afdEndpoints");
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await openAzure(fake, "azure-frontdoor", given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const batch = {
  key: "20261122T174501-3f9a2c71-edge-1",
  items: [
    { kind: "exact", path: "/%E4%BC%9A%E7%A4%BE/index.html" },
    { kind: "directory", path: "/blog/" },
    { kind: "everything" },
  ],
} as const;

describe("a purge", () => {
  test("names paths, directories and everything in one request, for the domains of the base addresses", async () => {
    const cdn = await opened({
      baseUrls: ["https://www.example.jp/", "http://example.jp/", "https://example.jp/shop/"],
    });
    await cdn.purge(batch, testCtx());
    expect(fake.seen).toHaveLength(1);
    expect(JSON.parse(fake.seen[0]?.body ?? "")).toEqual({
      contentPaths: ["/%E4%BC%9A%E7%A4%BE/index.html", "/blog/*", "/*"],
      domains: ["www.example.jp", "example.jp"],
    });
  });

  test("is for other domains where they are named", async () => {
    await (await opened({ baseUrls: ["https://www.example.jp/"], domains: ["example.jp"] })).purge(batch, testCtx());
    expect(JSON.parse(fake.seen[0]?.body ?? "").domains).toEqual(["example.jp"]);
  });

  test("is through when Azure says so, and asked about once a look", async () => {
    fake.course.looks = 2;
    const cdn = await opened();
    const receipt = await cdn.purge(batch, testCtx());
    expect(receipt.id).toMatch(/\/operationresults\/[0-9a-f-]+\?api-version=/);
    const looks = [];
    for (let look = 0; look < 3; look++) looks.push(await cdn.isThrough?.(receipt, testCtx()));
    expect(looks).toEqual([false, false, true]);
    expect(fake.seen).toHaveLength(4);
  });

  test.each(["Failed", "Canceled"] as const)("that ends as %s has failed", async (end) => {
    Object.assign(fake.course, { looks: 0, end });
    const cdn = await opened();
    const receipt = await cdn.purge(batch, testCtx());
    await expect(cdn.isThrough?.(receipt, testCtx())).rejects.toMatchObject({ kind: "refused", code: "purge-failed" });
  });

  test("is followed at the configured address alone, wherever the receipt points to", async () => {
    const cdn = await opened();
    const { id = "" } = await cdn.purge(batch, testCtx());
    const elsewhere = id.replace(fake.url, "https://management.attacker.example");
    expect(await cdn.isThrough?.({ id: elsewhere }, testCtx())).toBe(false);
  });

  test("for a domain that is not linked is refused, and the domain is named", async () => {
    const cdn = await opened({ domains: ["www.example.com"] });
    await expect(cdn.purge(batch, testCtx())).rejects.toMatchObject({
      code: "cdn-refused",
      message: expect.stringContaining("www.example.com"),
    });
  });
});

describe("signing in", () => {
  test("happens once for many purges", async () => {
    const cdn = await opened();
    await Promise.all(Array.from({ length: 20 }, () => cdn.purge(batch, testCtx())));
    expect(fake.issued()).toBe(1);
  });

  test("happens again when the token ends in mid-run", async () => {
    const cdn = await opened();
    await cdn.purge(batch, testCtx());
    fake.revokeAll();
    await cdn.purge(batch, testCtx());
    expect(fake.issued()).toBe(2);
  });

  test("happens no third time when a fresh token is refused too", async () => {
    const cdn = await opened();
    fake.break("401", 5);
    await expect(cdn.purge(batch, testCtx())).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
    expect(fake.issued()).toBe(2);
    expect(fake.purged()).toEqual([]);
  });

  test("with a wrong secret fails before anything is asked", async () => {
    const { tenantId, clientId } = AZURE;
    const cdn = await opened({ entra: { tenantId, clientId, clientSecret: "wrong", authority: fake.url } });
    await expect(cdn.purge(batch, testCtx())).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
    expect(fake.seen).toEqual([]);
  });
});

test("who may not purge is told which right is missing", async () => {
  const right = "Microsoft.Cdn/profiles/afdEndpoints/Purge/action";
  fake.denied.add(right);
  await expect((await opened()).purge(batch, testCtx())).rejects.toMatchObject({
    kind: "auth",
    code: "permission-denied",
    hint: expect.stringContaining(right),
  });
});

test.each([
  ["subscriptionId", "00000000-0000-0000-0000-000000000000"],
  ["resourceGroup", "other"],
  ["profile", "other"],
  ["endpoint", "other"],
])("a wrong %s is told as such", async (key, value) => {
  const cdn = await opened({ [key]: value });
  await expect(cdn.purge(batch, testCtx())).rejects.toMatchObject({
    kind: "not-found",
    code: "cdn-not-found",
    hint: expect.stringContaining(`\`${key}\``),
  });
});

test("it is looked at without being purged", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["endpoint www-a1b2.z01.azurefd.net, enabled"]);
  expect(fake.purged()).toEqual([]);
});

test("whoever stops does not wait for an answer", async () => {
  fake.break("silent", 1);
  const stop = new AbortController();
  const purge = (await opened()).purge(batch, testCtx({ signal: stop.signal }));
  setTimeout(() => stop.abort(), 300);
  await expect(purge).rejects.toMatchObject({ kind: "aborted" });
});

test("a wildcard domain is a mistake in the configuration", () => {
  const { subscriptionId, resourceGroup, profile, endpoint } = AZURE;
  const config = {
    type: "azure-frontdoor",
    subscriptionId,
    resourceGroup,
    profile,
    endpoint,
    domains: ["*.example.jp"],
  };
  const read = azureFrontDoorCdn.schema.safeParse(config);
  expect(read.error?.issues).toMatchObject([{ path: ["domains", 0] }]);
});
