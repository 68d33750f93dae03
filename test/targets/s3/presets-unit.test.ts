import { describe, expect, test } from "vitest";
import { nameFault } from "../../../src/core/names.ts";
import { PRESETS } from "../../../src/targets/s3/presets.ts";
import { s3Schema } from "../../../src/targets/s3/s3-schema.ts";
import { settingsOf } from "../../../src/targets/s3/s3-settings.ts";

const settings = (config: object) => settingsOf(s3Schema.parse({ type: "s3", bucket: "www-example", ...config }));

const WITHOUT_ENDPOINT = { aws: {}, sakura: {}, "alibaba-oss": { region: "ap-northeast-1" } };
const endpoint = "https://s3.example.jp";

describe("a preset", () => {
  test.each([
    ["aws", {}, { endpoint: undefined, region: undefined, forcePathStyle: false, checksum: "none", connections: 128 }],
    [
      "alibaba-oss",
      { region: "cn-hangzhou" },
      {
        endpoint: "https://s3.oss-cn-hangzhou.aliyuncs.com",
        region: "cn-hangzhou",
        forcePathStyle: false,
        checksum: "md5",
        connections: 64,
      },
    ],
    [
      "sakura",
      {},
      {
        endpoint: "https://s3.isk01.sakurastorage.jp",
        region: "jp-north-1",
        forcePathStyle: true,
        checksum: "md5",
        connections: 64,
      },
    ],
    ["r2", { endpoint }, { endpoint, region: "auto", forcePathStyle: true, checksum: "none", connections: 128 }],
    [
      "minio",
      { endpoint },
      { endpoint, region: "us-east-1", forcePathStyle: true, checksum: "none", connections: 128 },
    ],
    ["ceph", { endpoint }, { endpoint, region: "us-east-1", forcePathStyle: true, checksum: "none", connections: 128 }],
    [
      "generic",
      { endpoint },
      { endpoint, region: "us-east-1", forcePathStyle: true, checksum: "md5", connections: 32 },
    ],
  ])("%s yields endpoint, region, addressing, checksum and connections", (preset, more, expected) => {
    expect(settings({ preset, ...more })).toMatchObject(expected);
  });

  test("says for every store whether its conditional writes are known to work", () => {
    const relied = PRESETS.filter((preset) => {
      const where = preset in WITHOUT_ENDPOINT ? { region: "ap-northeast-1" } : { endpoint };
      return settings({ preset, ...where }).conditions === "yes";
    });
    expect(relied).toEqual(["aws", "r2", "minio", "ceph"]);
  });

  test("gives way to what the configuration says itself", () => {
    const own = { endpoint, region: "eu-1", addressing: "virtual", checksums: "none", connections: 100, partSize: 64 };
    expect(settings({ preset: "sakura", ...own })).toMatchObject({
      endpoint,
      region: "eu-1",
      forcePathStyle: false,
      checksum: "none",
      connections: 100,
      partSize: 64 * 1024 * 1024,
    });
  });

  test("of Sakura holds names in ASCII only; the others hold any", () => {
    const { names } = settings({ preset: "sakura" });
    expect(nameFault("news/2026.html", names)).toBeUndefined();
    expect(nameFault("お知らせ/2026.html", names)).toBe("can't be written in the target's encoding");
    expect(nameFault("お知らせ/2026.html", settings({}).names)).toBeUndefined();
    expect(nameFault("日".repeat(342), settings({}).names)).toBe("is 1026 bytes long; the target takes 1024");
  });
});

test("a custom domain stands for the bucket itself", () => {
  const found = settings({ preset: "alibaba-oss", region: "cn-hangzhou", customDomain: "https://static.example.jp" });
  expect(found).toMatchObject({ endpoint: "https://static.example.jp", bucketEndpoint: true });
});

test("every object is given the ACL, class, encryption and tags that are configured, and nothing else", () => {
  expect(settings({}).headers).toEqual({});
  const config = {
    acl: "public-read",
    storageClass: "STANDARD_IA",
    sse: "aws:kms",
    kmsKeyId: "alias/site",
    tags: { site: "会社", env: "a b" },
  };
  expect(settings(config)).toMatchObject({
    headers: {
      "x-amz-acl": "public-read",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/site",
      "x-amz-tagging": "site=%E4%BC%9A%E7%A4%BE&env=a+b",
    },
    md5Etags: false,
  });
});

describe("a mistake is told with the key it is in:", () => {
  test.each<[string, object, string, RegExp]>([
    ["no endpoint", { preset: "r2" }, "endpoint", /r2\.cloudflarestorage\.com/],
    ["no region", { preset: "alibaba-oss" }, "region", /needs the bucket's region/],
    ["two places", { customDomain: endpoint, endpoint }, "customDomain", /exclude/],
    ["half a key", { accessKeyId: "A" }, "secretAccessKey", /needs its secretAccessKey/],
    ["the other half", { secretAccessKey: "S" }, "accessKeyId", /needs its accessKeyId/],
    ["a lonely token", { sessionToken: "T" }, "sessionToken", /belongs to an accessKeyId/],
    ["two identities", { accessKeyId: "A", secretAccessKey: "S", profile: "p" }, "profile", /exclude/],
    ["a web identity without a role", { webIdentityTokenFile: "t" }, "webIdentityTokenFile", /needs the roleArn/],
    ["an external id without a role", { externalId: "x" }, "externalId", /belongs to a roleArn/],
    ["a KMS key without KMS", { kmsKeyId: "alias/x" }, "kmsKeyId", /sse: aws:kms/],
    ["too much at once", { preset: "sakura", connections: 101 }, "connections", /at most 100/],
    ["what the store lacks", { preset: "r2", endpoint, acl: "public-read" }, "acl", /r2 has no acl/],
    ["a checksum the store does not know", { preset: "sakura", checksums: "crc32" }, "checksums", /md5 or none/],
    ["eleven tags", { tags: Object.fromEntries([...Array(11).keys()].map((n) => [`t${n}`, "x"])) }, "tags", /ten/],
    ["a prefix that begins with a slash", { prefix: "/docs" }, "prefix", /without a slash/],
    ["an endpoint with a path", { endpoint: "https://s3.example.jp/bucket" }, "endpoint", /https:\/\/host/],
  ])("%s", (_, config, key, message) => {
    const result = s3Schema.safeParse({ type: "s3", bucket: "www-example", ...config });
    const issues = result.error?.issues.map(({ path, message }) => ({ path, message }));
    expect(issues).toContainEqual({ path: [key], message: expect.stringMatching(message) });
  });
});
