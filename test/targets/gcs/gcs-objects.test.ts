import { expect, onTestFinished, test } from "vitest";
import { gcsSchema } from "../../../src/targets/gcs/gcs-schema.ts";
import { gcsTarget } from "../../../src/targets/gcs/gcs-target.ts";
import { attributesOf } from "../../contract/object-store/objects.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { BUCKET, startFakeBucket } from "./fake-bucket.ts";

const ctx = testCtx();

async function start() {
  const server = await startFakeBucket();
  onTestFinished(() => server.stop());
  const objects = server.fake.buckets.get(BUCKET) ?? new Map();
  server.fake.log.length = 0;
  return { ...server, objects };
}

test("other headers take one request that moves no bytes; custom metadata that is to go takes one more", async () => {
  const { fake, objects, open } = await start();
  const store = await open();
  const before = await store.put("a.html", bytes(10), attributesOf({ metadata: { author: "花子" } }), ctx);
  const same = attributesOf({ cacheControl: "no-cache", metadata: { author: "太郎" } });
  const { etag } = await store.copy("a.html", "a.html", { attributes: same, ifMatch: before.etag }, ctx);
  expect(fake.log.map(({ operation }) => operation)).toEqual(["insert", "patch"]);
  expect(etag.split(".")[0]).toBe(before.etag.split(".")[0]);
  expect(etag).not.toBe(before.etag);
  await store.copy("a.html", "a.html", { attributes: attributesOf(), ifMatch: etag }, ctx);
  expect(fake.log.map(({ operation }) => operation)).toEqual(["insert", "patch", "patch", "patch"]);
  expect(objects.get("a.html")?.metadata).not.toHaveProperty("author");
});

test("a header that somebody changed past smartsync changes the etag, and is told in the listing", async () => {
  const { objects, open } = await start();
  const store = await open();
  const attributes = attributesOf({ cacheControl: "no-cache" });
  const { etag } = await store.put("a.html", bytes(10), attributes, ctx);
  const object = objects.get("a.html");
  const served = { ...object.served, cacheControl: "public" };
  objects.set("a.html", { ...object, served, metageneration: 2 });
  const [[found] = []] = await Array.fromAsync(store.list({ prefix: "" }, ctx));
  expect(found?.etag).not.toBe(etag);
  expect(found?.serving).toBe(attributesOf({ cacheControl: "public" }).serving?.hash);
  expect(found?.serving).not.toBe(attributes.serving?.hash);
});

test("what another tool uploaded is told with its MD5 and how it is served, without a request for each", async () => {
  const { fake, objects, open } = await start();
  const store = await open();
  await store.put("a.html", bytes(10), attributesOf(), ctx);
  objects.set("a.html", { ...objects.get("a.html"), metadata: { "goog-reserved-file-mtime": "1770091506" } });
  const [[found] = []] = await Array.fromAsync(store.list({ prefix: "" }, ctx));
  expect(found).toMatchObject({ md5: expect.any(String), serving: attributesOf().serving?.hash });
  expect(found?.sha256).toBeUndefined();
  expect(fake.log.map(({ operation }) => operation)).toEqual(["insert", "list"]);
});

test("a compressed object is told to be that, and one that was compressed before it came is not", async () => {
  const { open } = await start();
  const store = await open();
  const packed = attributesOf({ contentEncoding: "gzip", compress: "gzip" });
  const asItCame = attributesOf({ contentEncoding: "gzip" });
  await store.put("packed.html", bytes(10), packed, ctx);
  await store.put("came.svgz", bytes(10), asItCame, ctx);
  expect((await store.head("packed.html", ctx))?.serving).toBe(packed.serving?.hash);
  expect((await store.head("came.svgz", ctx))?.serving).toBe(asItCame.serving?.hash);
});

test("access, class and key go to the site's objects when they are published, and not to records nor to what is held", async () => {
  const { objects, open } = await start();
  const kmsKeyName = "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k";
  const store = await open({ predefinedAcl: "publicRead", storageClass: "NEARLINE", kmsKeyName });
  await store.put("a.html", bytes(10), attributesOf(), ctx);
  await store.putLarge("b.mp4", bodyOf(bytes(17_000_000))(), attributesOf(), ctx);
  await store.put(".smartsync/manifest", bytes(10), {}, ctx);
  const held = await store.hold("c.html", ".smartsync/.stage/c", bytes(10), attributesOf(), ctx);
  expect(objects.get(".smartsync/.stage/c")?.acl).toBeUndefined();
  await held.commit(ctx);
  for (const key of ["a.html", "b.mp4", "c.html"]) {
    expect(objects.get(key), key).toMatchObject({ acl: "publicRead", storageClass: "NEARLINE", kmsKeyName });
  }
  expect(objects.get(".smartsync/manifest")).toMatchObject({ storageClass: "STANDARD", kmsKeyName });
  expect(objects.get(".smartsync/manifest")).not.toHaveProperty("acl");
});

test("a configured target signs in, and delivers below its prefix with its records beside", async () => {
  const { fake, keyFile, objects } = await start();
  const given = {
    type: "gcs",
    bucket: BUCKET,
    prefix: "会社/",
    keyFile,
    endpoint: `${fake.endpoint}/`,
    userProject: "payer",
  };
  const config = gcsSchema.parse(given);
  expect(gcsTarget.describe(config)).toBe(`gs://${BUCKET}/会社`);
  await using target = await gcsTarget.open(config, { name: "bucket", baseDir: "/" }, ctx);
  const file = metaOf("お知らせ/1.html", bytes(10));
  await target.put(file, bodyOf(bytes(10)), ctx);
  await target.state.write("manifest.json", Buffer.from("{}"), ctx);
  expect([...objects.keys()].sort()).toEqual(["会社/.smartsync/manifest.json", "会社/お知らせ/1.html"]);
  expect(fake.log.every(({ query }) => query.get("userProject") === "payer")).toBe(true);
});

test("settings that can't be meant are refused", () => {
  const isTaken = (more: object) => gcsSchema.safeParse({ type: "gcs", bucket: BUCKET, ...more }).success;
  for (const more of [{}, { endpoint: "http://127.0.0.1:9199" }, { endpoint: "http://gcs:4443", anonymous: true }]) {
    expect(isTaken(more), JSON.stringify(more)).toBe(true);
  }
  const wrong = [
    { endpoint: "http://gcs:4443" },
    { anonymous: true, keyFile: "key.json" },
    { bucket: "gs://www" },
    { prefix: "/docs" },
    { kmsKeyName: "my-key" },
  ];
  for (const more of wrong) expect(isTaken(more), JSON.stringify(more)).toBe(false);
});
