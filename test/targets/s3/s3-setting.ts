import { onTestFinished } from "vitest";
import type { HttpLine } from "../../../src/lib/http-line.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import { keySource } from "../../../src/targets/s3/credentials.ts";
import { connectS3 } from "../../../src/targets/s3/s3-connection.ts";
import { s3ObjectStore } from "../../../src/targets/s3/s3-object-store.ts";
import { settingsOf } from "../../../src/targets/s3/s3-settings.ts";
import { s3Target } from "../../../src/targets/s3/s3-target.ts";
import type { Target } from "../../../src/targets/target.ts";
import type { S3FakeOptions } from "../../doubles/s3-fake/options.ts";
import { startS3Fake } from "../../doubles/s3-fake/s3-fake.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { openBucket } from "../../servers/s3-bucket.ts";
import type { S3Server } from "../../servers/s3-server.ts";

/** The settings of an s3 target on a test server. */
export function s3Setting(server: S3Server, bucket: string, more: object = {}) {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { type: "s3", preset: "ceph", bucket, endpoint, region, accessKeyId, secretAccessKey, ...more };
}

/** Opens a target on a bucket of a test server. */
export function openTarget(server: S3Server, bucket: string, more: object = {}, ctx = testCtx()): Promise<Target> {
  const config = s3Target.schema.parse(s3Setting(server, bucket, more));
  return s3Target.open(config, { name: "bucket", baseDir: "/" }, ctx);
}

/** Opens a bucket of a test server as a bare store. */
export async function openStore(server: S3Server, bucket: string, more: object = {}): Promise<ObjectStore> {
  const config = s3Target.schema.parse(s3Setting(server, bucket, more));
  const settings = settingsOf(config);
  const keys = (line: HttpLine) => keySource(config, settings, line, "/");
  return s3ObjectStore(await connectS3(settings, { name: "bucket", keys }));
}

/** Starts a fake for one test, with the bucket "site" looked at by the AWS SDK. */
export async function startFake(options: S3FakeOptions = {}) {
  const fake = await startS3Fake(options);
  onTestFinished(() => fake.stop());
  return { fake, bucket: openBucket(fake, "site") };
}
