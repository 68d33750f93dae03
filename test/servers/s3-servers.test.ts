import { DeleteObjectsCommand, PutBucketPolicyCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CephServer, startCephRgw } from "./ceph-rgw.ts";
import { makeBucket, openBucket } from "./s3-bucket.ts";
import type { S3Server } from "./s3-server.ts";
import { startSwift } from "./swift.ts";

const KEY = "お知らせ/日本語 +&%#?.html";

const servers: readonly { name: string; start: () => Promise<S3Server> }[] = [
  { name: "Ceph RGW", start: startCephRgw },
  { name: "Swift", start: startSwift },
];

describe.each(servers)("$name", ({ start }) => {
  let server: S3Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  test("keeps, lists and deletes objects under odd keys", async () => {
    const bucket = await makeBucket(server, "keeps");
    await bucket.write(KEY, "こんにちは");
    expect(Buffer.from((await bucket.read(KEY)) ?? "").toString()).toBe("こんにちは");
    expect(await bucket.keys("お知らせ/")).toEqual([KEY]);
    await bucket.clear();
    expect(await bucket.read(KEY)).toBeUndefined();
    expect(await bucket.head(KEY)).toBeUndefined();
    await bucket.drop();
    await expect(bucket.keys()).rejects.toMatchObject({ name: "NoSuchBucket" });
  });

  test("refuses a wrong secret, and names the request in its log", async () => {
    const wrong = openBucket({ ...server, secretAccessKey: "wrong" }, "refused");
    await expect(wrong.keys()).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
    // Written by a thread of its own, after the answer.
    await expect.poll(() => server.log(), { timeout: 30_000 }).toContain("/refused");
  });
});

describe("what each has of its own", () => {
  test("Ceph RGW keeps to conditions, and to what a bucket's policy allows a guest", async () => {
    await using server: CephServer = await startCephRgw();
    const bucket = await makeBucket(server, "policies");
    const create = new PutObjectCommand({ Bucket: "policies", Key: "lock", Body: "a", IfNoneMatch: "*" });
    await bucket.client.send(create);
    await expect(bucket.client.send(create)).rejects.toMatchObject({ name: "PreconditionFailed" });

    const guest = openBucket({ ...server, ...server.guest }, "policies");
    await expect(guest.keys()).rejects.toMatchObject({ name: "AccessDenied" });
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: [server.guest.arn] },
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::policies",
        },
      ],
    });
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: "policies", Policy }));
    expect(await guest.keys()).toEqual(["lock"]);
    await expect(guest.write("a", "a")).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("Swift knows no conditions and no redirects, and wants an MD5 with a deletion of many", async () => {
    await using server = await startSwift();
    const { client } = await makeBucket(server, "oldest");
    for (const unknown of [{ IfNoneMatch: "*" }, { IfMatch: '"x"' }, { WebsiteRedirectLocation: "/" }]) {
      const put = client.send(new PutObjectCommand({ Bucket: "oldest", Key: "a", Body: "a", ...unknown }));
      await expect(put).rejects.toMatchObject({ name: "NotImplemented" });
    }
    const Delete = { Objects: [{ Key: "a" }] };
    const withCrc = client.send(new DeleteObjectsCommand({ Bucket: "oldest", Delete, ChecksumAlgorithm: "CRC32" }));
    await expect(withCrc).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    await client.send(new DeleteObjectsCommand({ Bucket: "oldest", Delete, ChecksumAlgorithm: "MD5" }));
  });

  test.each(servers)("$name leaves nothing behind when stopped", async ({ start }) => {
    const server = await start();
    expect(server.log()).toBeTypeOf("string");
    await server.stop();
    await expect(fetch(server.endpoint)).rejects.toThrow("fetch failed");
    expect(() => server.log()).toThrow("ENOENT");
  });
});
