import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Target } from "../../../src/targets/target.ts";
import type { S3Fake, S3FakeOptions } from "../../doubles/s3-fake/options.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { resolveLocalhost } from "./resolve-localhost.ts";
import { openTarget, startFake } from "./s3-setting.ts";

const MB = 1 << 20;
const PAGE = bytes(3_000);
const FILM = bytes(17 * MB);

/** Everything a delivery does: small and large puts, a copy in place, a list, a deletion, its own records. */
async function deliver(target: Target): Promise<void> {
  const ctx = testCtx();
  const serving = { contentType: "text/html; charset=utf-8", cacheControl: "no-cache", hash: "plain-1" };
  const page = metaOf("お知らせ/日本語 +&.html", PAGE, { serving });
  const { etag = "" } = await target.put(page, bodyOf(PAGE), ctx);
  await target.serveAs?.({ ...page, serving: { ...serving, cacheControl: "max-age=60", hash: "plain-2" } }, etag, ctx);
  const film = metaOf("動画/大.mp4", FILM, { serving: { contentType: "video/mp4", hash: "plain-3" } });
  await target.put(film, bodyOf(FILM), ctx);
  await target.state.write("manifest.json.gz", Buffer.from("{}"), ctx);
  await target.state.takeLock(Buffer.from("owner"), ctx);
  await target.state.dropLock(ctx);
  expect((await target.survey?.([], ctx))?.size).toBe(2);
  await target.remove([page.path, film.path], ctx);
  expect((await target.survey?.([], ctx))?.size).toBe(0);
}

/** What the requests of an operation looked like. */
function sent(fake: S3Fake, operation: string) {
  return fake.exchanges.flatMap(({ request }) => (request?.operation === operation ? [request] : []));
}

interface Case {
  readonly preset: string;
  readonly fake: S3FakeOptions;
  readonly more?: object;
  readonly addressing: "path" | "virtual-host";
  readonly md5: boolean;
}

/** Each preset meets a store that is as strict as its own. */
const CASES: readonly Case[] = [
  { preset: "aws", fake: {}, addressing: "virtual-host", md5: false },
  {
    preset: "alibaba-oss",
    fake: {
      buckets: { site: "cn-hangzhou" },
      addressing: "virtual-host",
      awsChunked: "refused",
      etags: "upper-case",
      conditions: "ignored",
    },
    addressing: "virtual-host",
    md5: true,
  },
  {
    preset: "r2",
    fake: { buckets: { site: "auto" } },
    addressing: "path",
    md5: false,
  },
  { preset: "minio", fake: {}, addressing: "path", md5: false },
  { preset: "ceph", fake: { awsChunked: "refused" }, addressing: "path", md5: false },
  { preset: "generic", fake: { awsChunked: "refused", conditions: "refused" }, addressing: "path", md5: true },
];

describe.each(CASES)("$preset", ({ preset, fake: options, addressing, md5, more = {} }) => {
  test("a whole delivery is signed for its region and addressed as the store wants it, and never as aws-chunked", async () => {
    resolveLocalhost();
    const { fake } = await startFake(options);
    const endpoint = fake.endpoint.replace("127.0.0.1", "s3.localhost");
    await using target = await openTarget({ ...fake, endpoint }, "site", { preset, ...more });
    await deliver(target);
    const failed = fake.exchanges.filter(({ status }) => status >= 400 && ![404, 412, 501].includes(status));
    expect(failed.map(({ code, request }) => `${request?.operation}: ${code}`)).toEqual([]);
    expect(new Set(fake.exchanges.map(({ request }) => request?.addressing))).toEqual(new Set([addressing]));
    for (const { request } of fake.exchanges) {
      expect(request?.headers["x-amz-content-sha256"]).not.toMatch(/^STREAMING/);
      expect(request?.headers["content-encoding"]).toBeUndefined();
      expect(request?.headers["transfer-encoding"]).toBeUndefined();
    }
  });

  test(`puts and parts carry ${md5 ? "an MD5" : "no checksum but the signed one"}, and deletions of many what S3 asks for`, async () => {
    resolveLocalhost();
    const { fake } = await startFake(options);
    const endpoint = fake.endpoint.replace("127.0.0.1", "s3.localhost");
    await using target = await openTarget({ ...fake, endpoint }, "site", { preset, ...more });
    await deliver(target);
    const puts = [...sent(fake, "PutObject"), ...sent(fake, "UploadPart")];
    expect(puts.length).toBeGreaterThan(3);
    for (const { headers } of puts) {
      expect("content-md5" in headers).toBe(md5);
      expect(Object.keys(headers).filter((name) => /^x-amz-(checksum|sdk-checksum)/.test(name))).toEqual([]);
      expect(headers["x-amz-content-sha256"]).toMatch(/^[\da-f]{64}$/);
    }
    const sha256 = createHash("sha256").update(PAGE).digest("hex");
    expect(sent(fake, "PutObject").map(({ headers }) => headers["x-amz-content-sha256"])).toContain(sha256);
    for (const { headers } of sent(fake, "DeleteObjects")) expect(headers["content-md5"]).toBeDefined();
  });
});

test("a custom domain stands for the bucket: its host name, and keys for paths", async () => {
  resolveLocalhost();
  const { fake } = await startFake({ customDomains: { "static.localhost": "site" }, addressing: "virtual-host" });
  const customDomain = fake.endpoint.replace("127.0.0.1", "static.localhost");
  await using target = await openTarget(fake, "site", { preset: "alibaba-oss", endpoint: undefined, customDomain });
  await deliver(target);
  expect(new Set(fake.exchanges.map(({ request }) => request?.addressing))).toEqual(new Set(["custom-domain"]));
});

test.each(["crc32", "sha256", "md5", "none"] as const)(
  "checksums: %s are sent with every body, and are right",
  async (checksums) => {
    const { fake } = await startFake();
    await using target = await openTarget(fake, "site", { preset: "minio", checksums });
    await deliver(target);
    const names = {
      crc32: "x-amz-checksum-crc32",
      sha256: "x-amz-checksum-sha256",
      md5: "content-md5",
      none: undefined,
    };
    for (const { headers } of [...sent(fake, "PutObject"), ...sent(fake, "UploadPart")]) {
      const told = Object.keys(headers).filter((name) => name.startsWith("x-amz-checksum-") || name === "content-md5");
      expect(told).toEqual([names[checksums]].filter((name) => name !== undefined));
    }
  },
);

test("ACL, storage class, encryption and tags are on every object, however it is written, and not there unless asked for", async () => {
  const asked = {
    acl: "public-read",
    storageClass: "STANDARD_IA",
    sse: "aws:kms",
    kmsKeyId: "arn:aws:kms:ap-northeast-1:1:key/a",
    tags: { 部署: "広報", site: "corporate & co" },
  };
  const { fake } = await startFake({ etags: "opaque" });
  await using target = await openTarget(fake, "site", asked);
  await deliver(target);
  const writes = ["PutObject", "CreateMultipartUpload", "CopyObject"].flatMap((operation) => sent(fake, operation));
  expect(new Set(writes.map(({ operation }) => operation)).size).toBe(3);
  for (const { headers, operation } of writes) {
    expect(headers, operation).toMatchObject({
      "x-amz-acl": "public-read",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": asked.kmsKeyId,
    });
    expect(Object.fromEntries(new URLSearchParams(headers["x-amz-tagging"]))).toEqual(asked.tags);
  }
  const { fake: plain } = await startFake();
  await using other = await openTarget(plain, "site");
  await deliver(other);
  const extra = /^x-amz-(acl|storage-class|server-side|tagging$)/;
  expect(
    plain.exchanges.flatMap(({ request }) => Object.keys(request?.headers ?? {}).filter((name) => extra.test(name))),
  ).toEqual([]);
});

test("an object that sends visitors elsewhere says so, in copies too", async () => {
  const { fake, bucket } = await startFake();
  await using target = await openTarget(fake, "site");
  const serving = { contentType: "text/html", redirect: "/新着/", hash: "plain-1" };
  const file = metaOf("old.html", PAGE, { serving: { ...serving, redirect: "/news/" } });
  const { etag = "" } = await target.put(file, () => Readable.from([PAGE]), testCtx());
  expect((await bucket.head("old.html"))?.WebsiteRedirectLocation).toBe("/news/");
  const moved = { ...file, serving: { ...serving, redirect: "https://www.example.jp/", hash: "plain-2" } };
  await target.serveAs?.(moved, etag, testCtx());
  expect((await bucket.head("old.html"))?.WebsiteRedirectLocation).toBe("https://www.example.jp/");
});
