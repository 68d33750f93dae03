import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testObjectStore } from "../../contract/object-store-contract.ts";
import { testTarget } from "../../contract/target-contract.ts";
import type { S3FakeOptions } from "../../doubles/s3-fake/options.ts";
import { startS3Fake } from "../../doubles/s3-fake/s3-fake.ts";
import { storeServer } from "./store-server.ts";

/** A strict store in this process, which reaches every bucket by its path. */
async function fakeServer(options: S3FakeOptions, more: object) {
  return storeServer(await startS3Fake({ ...options, buckets: {} }), "site", { addressing: "path", ...more });
}

/** The fake shares the process: what the store itself keeps in memory can't be told apart. */
const HERE = { ownProcess: false };

testObjectStore("a strict S3", () => fakeServer({}, { preset: "aws" }), HERE);

testObjectStore(
  "an S3 that encrypts with KMS, so that no etag is an MD5",
  () => fakeServer({ etags: "opaque" }, { preset: "aws", sse: "aws:kms", tags: { site: "広報" } }),
  { ...HERE, md5: false },
);

testObjectStore(
  "a compatible that ignores conditions, says etags in capitals and takes no aws-chunked",
  () => fakeServer({ conditions: "ignored", etags: "upper-case", awsChunked: "refused" }, { preset: "generic" }),
  { ...HERE, conditions: "unproven" },
);

testObjectStore(
  "a compatible that takes at most 100 requests at once",
  () => fakeServer({ maxInFlight: 100, conditions: "refused" }, { preset: "generic", connections: 100 }),
  { ...HERE, conditions: "unproven" },
);

testTarget("a strict S3", async () => bucketTarget(await fakeServer({}, { preset: "aws" })), BUCKET_TRAITS);

testTarget(
  "a strict S3 without conditions, the site in a part of a bucket",
  async () =>
    bucketTarget(await fakeServer({ conditions: "refused" }, { preset: "generic" }), {
      prefix: "サイト/docs +/",
      statePrefix: "records &/",
    }),
  BUCKET_TRAITS,
);
