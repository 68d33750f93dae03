import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { openBucket } from "../servers/s3-bucket.ts";
import { S3Fault } from "./s3-fake/fault.ts";
import type { S3FakeOptions } from "./s3-fake/options.ts";
import { startS3Fake } from "./s3-fake/s3-fake.ts";

/** The fake, and the AWS SDK as a client that knows how S3 is signed. */
async function start(options: S3FakeOptions = {}) {
  const fake = await startS3Fake(options);
  onTestFinished(() => fake.stop());
  return { fake, bucket: openBucket(fake, "site") };
}

function clientOf(fake: { endpoint: string }, how: Partial<ConstructorParameters<typeof S3Client>[0]>): S3Client {
  const { endpoint } = fake;
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, ...how });
}

const KEYS = { accessKeyId: "AKIAFAKE", secretAccessKey: "secret/of+the=fake" };
const ODD_KEYS = [
  "お知らせ/日本語 ページ.html",
  "a+b&c%d#e?f=g.html",
  "~!*'()@:,;$[].html",
  "𝒳/ﾊﾝｶｸ.css",
  "k".repeat(1024),
];

test("keeps what the SDK sends, under keys of every kind, and lists them by their bytes", async () => {
  const { fake, bucket } = await start();
  for (const key of ODD_KEYS) await bucket.write(key, key);
  for (const key of ODD_KEYS) expect(Buffer.from((await bucket.read(key)) ?? "").toString()).toBe(key);
  const order = [...ODD_KEYS].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
  expect(await bucket.keys()).toEqual(order);
  expect(fake.exchanges.every(({ status }) => status === 200)).toBe(true);
  await expect(bucket.write("k".repeat(1025), "x")).rejects.toMatchObject({ name: "KeyTooLongError" });
});

test("refuses a wrong secret, an unknown key, a wrong clock and an expired token, each by its own name", async () => {
  const { fake } = await start();
  const ask = (how: object) => clientOf(fake, how).send(new ListObjectsV2Command({ Bucket: "site" }));
  await expect(ask({ credentials: { ...KEYS, secretAccessKey: "x" } })).rejects.toMatchObject({
    name: "SignatureDoesNotMatch",
  });
  await expect(ask({ credentials: { ...KEYS, accessKeyId: "x" } })).rejects.toMatchObject({
    name: "InvalidAccessKeyId",
  });
  await expect(ask({ credentials: { ...KEYS, sessionToken: "x" } })).rejects.toMatchObject({ name: "InvalidToken" });
  fake.credentials.set("TEMP", {
    accessKeyId: "TEMP",
    secretAccessKey: "s",
    sessionToken: "t",
    expires: Date.now() - 1,
  });
  const expired = { accessKeyId: "TEMP", secretAccessKey: "s", sessionToken: "t" };
  await expect(ask({ credentials: expired })).rejects.toMatchObject({ name: "ExpiredToken" });
  const { fake: late } = await start({ now: () => Date.now() + 3_600_000 });
  const skewed = clientOf(late, { credentials: KEYS }).send(new ListObjectsV2Command({ Bucket: "site" }));
  await expect(skewed).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
});

test("refuses a body that is not what its headers say", async () => {
  const { bucket } = await start();
  const put = (more: object) =>
    bucket.client.send(new PutObjectCommand({ Bucket: "site", Key: "a", Body: "a", ...more }));
  await expect(put({ ContentMD5: "x" })).rejects.toMatchObject({ name: "InvalidDigest" });
  await expect(put({ ContentMD5: Buffer.alloc(16).toString("base64") })).rejects.toMatchObject({ name: "BadDigest" });
  for (const sum of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
    await expect(put({ [`Checksum${sum}`]: "AAAAAA==" })).rejects.toMatchObject({ name: "BadDigest" });
    await put({ ChecksumAlgorithm: sum });
  }
  await expect(put({ Metadata: { a: "x".repeat(2048) } })).rejects.toMatchObject({ name: "MetadataTooLarge" });
});

test("takes an aws-chunked body whose trailer is right, or none at all", async () => {
  const put = async (fake: { endpoint: string }, crc32: string) => {
    const headers = {
      "content-encoding": "aws-chunked",
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-decoded-content-length": "5",
      "x-amz-trailer": "x-amz-checksum-crc32",
    };
    const body = `3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`;
    return (await fetch(`${fake.endpoint}/site/a`, { method: "PUT", headers, body })).status;
  };
  const { fake, bucket } = await start({ signatures: "ignored" });
  expect([await put(fake, "NhCmhg=="), await put(fake, "AAAAAA==")]).toEqual([200, 400]);
  expect(Buffer.from((await bucket.read("a")) ?? "").toString()).toBe("hello");
  expect(await bucket.head("a")).not.toHaveProperty("ContentEncoding");
  const { fake: strict } = await start({ awsChunked: "refused", signatures: "ignored" });
  expect(await put(strict, "NhCmhg==")).toBe(400);
});

test("meets conditions with 412, ignores them or refuses them", async () => {
  const put = async (conditions: "kept" | "ignored" | "refused") => {
    const { bucket } = await start({ conditions });
    const command = new PutObjectCommand({ Bucket: "site", Key: "lock", Body: "a", IfNoneMatch: "*" });
    const twice = [
      await bucket.client.send(command).catch((error) => error.name),
      await bucket.client.send(command).catch((error) => error.name),
    ];
    return twice.map((outcome) => (typeof outcome === "string" ? outcome : "done"));
  };
  expect(await put("kept")).toEqual(["done", "PreconditionFailed"]);
  expect(await put("ignored")).toEqual(["done", "done"]);
  expect(await put("refused")).toEqual(["NotImplemented", "NotImplemented"]);
});

test("puts an upload of parts together, and knows what is wrong with one", async () => {
  const { bucket } = await start();
  const of = { Bucket: "site", Key: "large.zip" };
  const { UploadId } = await bucket.client.send(new CreateMultipartUploadCommand({ ...of, CacheControl: "no-cache" }));
  const sent = await Promise.all(
    [5 * 1024 * 1024, 10].map(async (size, i) => {
      const part = { ...of, UploadId, PartNumber: i + 1, Body: Buffer.alloc(size, i) };
      return { PartNumber: i + 1, ETag: (await bucket.client.send(new UploadPartCommand(part))).ETag };
    }),
  );
  expect(await bucket.openUploads()).toEqual(["large.zip"]);
  const complete = (Parts: typeof sent) =>
    bucket.client.send(new CompleteMultipartUploadCommand({ ...of, UploadId, MultipartUpload: { Parts } }));
  await expect(complete(sent.toReversed())).rejects.toMatchObject({ name: "InvalidPartOrder" });
  await expect(complete([{ PartNumber: 3, ETag: "x" }])).rejects.toMatchObject({ name: "InvalidPart" });
  const { ETag } = await complete(sent);
  expect(ETag).toMatch(/^"[\da-f]{32}-2"$/);
  expect((await complete(sent)).ETag).toBe(ETag);
  expect(await bucket.head("large.zip")).toMatchObject({
    ContentLength: 5 * 1024 * 1024 + 10,
    CacheControl: "no-cache",
  });
  expect(await bucket.openUploads()).toEqual([]);
});

test("copies with an object's headers or in place of them, never onto itself without a change", async () => {
  const { bucket } = await start();
  const of = { Bucket: "site", CopySource: `site/${encodeURIComponent("原本 +.html")}` };
  await bucket.client.send(
    new PutObjectCommand({
      Bucket: "site",
      Key: "原本 +.html",
      Body: "a",
      ContentType: "text/html",
      Metadata: { a: "b" },
    }),
  );
  await bucket.client.send(new CopyObjectCommand({ ...of, Key: "copy" }));
  expect(await bucket.head("copy")).toMatchObject({ ContentType: "text/html", Metadata: { a: "b" } });
  await bucket.client.send(
    new CopyObjectCommand({ ...of, Key: "copy", MetadataDirective: "REPLACE", ContentType: "text/css" }),
  );
  expect(await bucket.head("copy")).toMatchObject({ ContentType: "text/css", Metadata: {} });
  await expect(bucket.client.send(new CopyObjectCommand({ ...of, Key: "原本 +.html" }))).rejects.toMatchObject({
    name: "InvalidRequest",
  });
  const stale = { ...of, Key: "copy", CopySourceIfMatch: '"x"' };
  await expect(bucket.client.send(new CopyObjectCommand(stale))).rejects.toMatchObject({ name: "PreconditionFailed" });
});

test("tells what could not be deleted key by key, and takes a thousand keys at the most", async () => {
  const { fake, bucket } = await start();
  await Promise.all(["a", "b"].map((key) => bucket.write(key, key)));
  fake.undeletable.set("a", new S3Fault(500, "InternalError", "We encountered an internal error."));
  const remove = (keys: string[]) =>
    bucket.client.send(new DeleteObjectsCommand({ Bucket: "site", Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  const { Deleted, Errors } = await remove(["a", "b", "absent"]);
  expect(Deleted?.map(({ Key }) => Key)).toEqual(["b", "absent"]);
  expect(Errors).toMatchObject([{ Key: "a", Code: "InternalError" }]);
  fake.forbidden.add("s3:DeleteObject");
  expect((await remove(["b"])).Errors).toMatchObject([{ Key: "b", Code: "AccessDenied" }]);
  await expect(remove(Array.from({ length: 1001 }, (_, i) => `k${i}`))).rejects.toMatchObject({ name: "MalformedXML" });
});

test("lists in pages, from a key on, by folders", async () => {
  const { bucket } = await start();
  await Promise.all(Array.from({ length: 25 }, (_, i) => bucket.write(`${i % 3}/${i}`, "")));
  const page = await bucket.client.send(new ListObjectsV2Command({ Bucket: "site", MaxKeys: 10, StartAfter: "1/" }));
  expect([page.KeyCount, page.IsTruncated, page.Contents?.[0]?.Key]).toEqual([10, true, "1/1"]);
  const folders = await bucket.client.send(new ListObjectsV2Command({ Bucket: "site", Delimiter: "/" }));
  expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["0/", "1/", "2/"]);
});

test("names the region that would have been right, by a redirect or by refusing the signature", async () => {
  for (const [wrongRegion, status] of [
    ["redirect", 301],
    ["refuse", 400],
  ] as const) {
    const { fake } = await start({ buckets: { site: "ap-northeast-1" }, wrongRegion });
    const head = clientOf(fake, { credentials: KEYS }).send(new HeadBucketCommand({ Bucket: "site" }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: status } });
  }
});

test("answers one request too many with 503, and two quick writes of a key with 429", async () => {
  const { fake, bucket } = await start({ maxInFlight: 2, latencyMs: 50 });
  const put = async (key: string) => (await fetch(`${fake.endpoint}/site/${key}`, { method: "PUT", body: "a" })).status;
  expect((await Promise.all(["a", "b", "c"].map(put))).filter((status) => status === 503)).toHaveLength(1);
  expect(fake.peak).toBe(3);
  await bucket.write("a", "a");
  const { bucket: perKey } = await start({ perKeyMs: 60_000 });
  await perKey.write("a", "a");
  await expect(perKey.client.send(new PutObjectCommand({ Bucket: "site", Key: "a", Body: "b" }))).rejects.toMatchObject(
    { $metadata: { httpStatusCode: 429 } },
  );
});
