import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { requestIdOf } from "../../src/cdns/google/request-id.ts";
import { googleCdn } from "../../src/cdns/google-cdn.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { GOOGLE, type GoogleCdnFake, startGoogleCdnFake } from "../doubles/google-cdn-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { googleItems } from "./google-items.ts";

function open(fake: GoogleCdnFake, given: object = {}): Promise<Cdn> {
  const { project, urlMap } = GOOGLE;
  const config = { type: "google-cdn", project, urlMap, keyFile: fake.keyFile, apiUrl: fake.url, ...given };
  return googleCdn.open(googleCdn.schema.parse(config), { name: "edge", baseDir: "/" });
}

testCdn("google-cdn", async () => {
  const fake = await startGoogleCdnFake();
  return { open: () => open(fake), items: googleItems, fake, secrets: [fake.tokens.trusted] };
});

let fake: GoogleCdnFake;
beforeEach(async () => {
  fake = await startGoogleCdnFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const origin = "https://www.example.jp";
const page = { kind: "exact", origin, path: "/%E4%BC%9A%E7%A4%BE/" } as const;

describe("an invalidation", () => {
  test.each([
    [page, "www.example.jp/%E4%BC%9A%E7%A4%BE/"],
    [{ kind: "directory", origin, path: "/blog/" } as const, "www.example.jp/blog/*"],
    [{ kind: "everything", origin } as const, "www.example.jp/*"],
    [{ kind: "everything" } as const, "*/*"],
  ])("of %o is one pattern", async (item, understood) => {
    await (await opened()).purge({ key: "run-edge-1", items: [item] }, testCtx());
    expect(fake.purged()).toEqual([understood]);
  });

  test("of ten tags is one request", async () => {
    await (await opened()).purge({ key: "run-edge-1", items: googleItems("tag", 10) }, testCtx());
    expect(fake.seen).toHaveLength(1);
    expect(fake.purged()).toHaveLength(10);
  });

  test("is for the host that Google sees, where that is another one", async () => {
    const cdn = await opened({ host: "origin.example.jp" });
    await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    expect(fake.purged()).toEqual(["origin.example.jp/%E4%BC%9A%E7%A4%BE/"]);
  });

  test("that is asked for again under the same key is done once, and under another key again", async () => {
    const cdn = await opened();
    const first = await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    expect(await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx())).toEqual(first);
    expect(fake.purged()).toHaveLength(1);
    await cdn.purge({ key: "run-edge-2", items: [page] }, testCtx());
    expect(fake.purged()).toHaveLength(2);
  });

  test("is through when its operation is done", async () => {
    const cdn = await opened();
    const receipt = await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    expect(receipt.id).toMatch(/^operation-/);
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(false);
    expect(await cdn.isThrough?.(receipt, testCtx())).toBe(true);
  });

  test("whose operation ends with an error has failed", async () => {
    Object.assign(fake.course, { looks: 0, error: "Internal error in the cache" });
    const cdn = await opened();
    const receipt = await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    await expect(cdn.isThrough?.(receipt, testCtx())).rejects.toMatchObject({
      kind: "refused",
      code: "purge-failed",
      message: expect.stringContaining("Internal error in the cache"),
    });
  });
});

test("the id of a request is a UUID that only its key decides", () => {
  const id = requestIdOf("20261122T174501-3f9a2c71-edge-1");
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(requestIdOf("20261122T174501-3f9a2c71-edge-1")).toBe(id);
  expect(requestIdOf("20261122T174501-3f9a2c71-edge-2")).not.toBe(id);
});

describe("signing in", () => {
  test("happens again when the token ends in mid-run", async () => {
    const cdn = await opened();
    await cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    fake.tokens.revokeAll();
    await cdn.purge({ key: "run-edge-2", items: [page] }, testCtx());
    expect(fake.tokens.issued()).toBe(2);
    expect(fake.purged()).toHaveLength(2);
  });

  test("happens no third time when a fresh token is refused too", async () => {
    const cdn = await opened();
    fake.break("401", 5);
    const purge = cdn.purge({ key: "run-edge-1", items: [page] }, testCtx());
    await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
    expect(fake.tokens.issued()).toBe(2);
  });
});

test("more than the minute's allowance is waited for, and told", async () => {
  await using slow = await startGoogleCdnFake({ limit: 30, windowMs: 1_000 });
  await using cdn = await open(slow);
  const ctx = testCtx();
  const keys = Array.from({ length: 31 }, (_, at) => `run-edge-${at}`);
  await Promise.all(keys.map((key) => cdn.purge({ key, items: [page] }, ctx)));
  expect(slow.purged()).toHaveLength(31);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "retry", target: "edge" }));
});

test("who may not invalidate is told which permission is missing", async () => {
  fake.denied.add("compute.urlMaps.invalidateCache");
  const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    kind: "auth",
    code: "permission-denied",
    hint: expect.stringContaining("compute.urlMaps.invalidateCache"),
  });
});

test.each([
  [403, "Daily Limit Exceeded", "dailyLimitExceeded", "refused", "purge-quota"],
  [429, "Quota exceeded for 'Invalidations per day'", "RESOURCE_EXHAUSTED", "refused", "purge-quota"],
  [403, "Compute Engine API has not been used in project 1 before", "accessNotConfigured", "config", "api-disabled"],
])("%i %s is told as what it is", async (status, message, reason, kind, code) => {
  fake.trouble = { status, message, reason };
  const purge = (await opened()).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({ kind, code });
});

test("a wrong URL map is told as such", async () => {
  const purge = (await opened({ urlMap: "other" })).purge({ key: "run-edge-1", items: [page] }, testCtx());
  await expect(purge).rejects.toMatchObject({ code: "cdn-not-found", hint: expect.stringContaining("`urlMap`") });
});

test("it is looked at without being invalidated", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["URL map www of project example-site"]);
  expect(fake.purged()).toEqual([]);
});
