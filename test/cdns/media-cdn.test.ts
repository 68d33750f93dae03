import { expect, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { mediaCdn } from "../../src/cdns/media-cdn.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { GOOGLE, type GoogleCdnFake, startGoogleCdnFake } from "../doubles/google-cdn-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { googleItems } from "./google-items.ts";

function open(fake: GoogleCdnFake, given: object = {}): Promise<Cdn> {
  const { project, service } = GOOGLE;
  const config = { type: "media-cdn", project, service, keyFile: fake.keyFile, apiUrl: fake.url, ...given };
  return mediaCdn.open(mediaCdn.schema.parse(config), { name: "edge", baseDir: "/" });
}

testCdn("media-cdn", async () => {
  const fake = await startGoogleCdnFake();
  return { open: () => open(fake), items: googleItems, fake, secrets: [fake.tokens.trusted] };
});

test("an invalidation has no name, and nobody can tell when it is through", async () => {
  await using fake = await startGoogleCdnFake();
  await using cdn = await open(fake);
  const items = googleItems("directory", 1);
  expect(await cdn.purge({ key: "run-edge-1", items }, testCtx())).toEqual({});
  expect(cdn.isThrough).toBeUndefined();
  expect(fake.purged()).toEqual(["www.example.jp/news/0/*"]);
});

test("who may not invalidate is told which permission is missing", async () => {
  await using fake = await startGoogleCdnFake();
  await using cdn = await open(fake);
  fake.denied.add("networkservices.EdgeCacheServices.invalidateCache");
  await expect(cdn.purge({ key: "run-edge-1", items: googleItems("exact", 1) }, testCtx())).rejects.toMatchObject({
    code: "permission-denied",
    hint: expect.stringContaining("networkservices.EdgeCacheServices.invalidateCache"),
  });
});

test("a wrong service is told as such", async () => {
  await using fake = await startGoogleCdnFake();
  await using cdn = await open(fake, { service: "other" });
  await expect(cdn.examine?.(testCtx())).rejects.toMatchObject({
    code: "cdn-not-found",
    hint: expect.stringContaining("`service`"),
  });
});

test("it is looked at without being invalidated", async () => {
  await using fake = await startGoogleCdnFake();
  await using cdn = await open(fake);
  expect(await cdn.examine?.(testCtx())).toEqual(["service media of project example-site"]);
  expect(fake.purged()).toEqual([]);
});
