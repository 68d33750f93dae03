import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { S3Fake } from "../doubles/s3-fake/options.ts";
import { startS3Fake } from "../doubles/s3-fake/s3-fake.ts";
import { openBucket } from "../servers/s3-bucket.ts";
import { onTerminal } from "./on-terminal.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

let fake: S3Fake;
let workspace: Workspace;
beforeEach(async () => {
  fake = await startS3Fake();
  workspace = makeWorkspace();
  workspace.publish({ "会社/案内.html": "<h1>会社</h1>" });
});
afterEach(async () => {
  workspace[Symbol.dispose]();
  await fake.stop();
});

const written = () => readFileSync(join(workspace.dir, "smartsync.yaml"), "utf8");
const init = (...answers: readonly string[]) => ["init", "--source", "public", "--yes", ...answers];
const store = () => ["--type", "s3", "--preset", "ceph", "--endpoint", fake.endpoint, "--user", fake.accessKeyId];

test("a bucket is tried, written without its secret, and can be delivered to", async () => {
  const env = { S3_SECRET: fake.secretAccessKey };
  const { code, stdout, stderr } = await workspace.run(init(...store(), "--bucket", "site", "--path", "docs"), env);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("The bucket is empty.");
  expect(written()).not.toContain(fake.secretAccessKey);
  const push = await workspace.run(["push", "--yes"], env);
  expect(push.code, push.stdout).toBe(0);
  expect(await openBucket(fake, "site").keys()).toContain("docs/会社/案内.html");
});

test("on a terminal it asks whose store it is, and what that store needs", async () => {
  const { code, screen } = await onTerminal(
    workspace.dir,
    ["init", "--source", "public", "--url", "''", "--cms-url", "''", "--type", "s3"],
    [
      { once: "Whose store is it?", keys: "\u001b[B\u001b[B\u001b[B\u001b[B\u001b[B\r" },
      { once: "Which bucket?", keys: "site\r" },
      { once: "Where is the store reached?", keys: `${fake.endpoint}\r` },
      { once: "Which access key id?", keys: `${fake.accessKeyId}\r` },
      { once: "Into which folder of it?", keys: "\r" },
      { once: "Which other bucket", keys: "\r" },
      { once: "Which environment variable", keys: "\r" },
    ],
    { S3_SECRET: fake.secretAccessKey },
  );
  expect(code, screen).toBe(0);
  expect(written()).toContain("preset: ceph");
});

test("answers that make no target are told before anything is written", async () => {
  const { code, stderr } = await workspace.run(init(...store(), "--bucket", "s3://site"));
  expect(code).toBe(2);
  expect(stderr).toContain("bucket: a bucket's name has 3 to 255 letters");
  expect(existsSync(join(workspace.dir, "smartsync.yaml"))).toBe(false);
});

test.each([
  { type: "s3", preset: "ceph", bucket: "site", accessKeyId: "AKIA", secretAccessKey: "secret" },
  { type: "azure-blob", account: "corporatewww", accountKey: Buffer.alloc(64).toString("base64") },
  { type: "gcs", bucket: "site", anonymous: true },
])("a web site that answers everything is not taken for a store: $type", async (target) => {
  const site = createServer((_, response) => response.end("<!DOCTYPE html><p>ログイン</p>"));
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const { port } = site.address() as AddressInfo;
  workspace.configure({ bucket: { ...target, endpoint: `http://127.0.0.1:${port}` } });
  const { code, stdout } = await workspace.run(["plan"]);
  site.close();
  expect(code).toBe(1);
  expect(stdout).toContain("[store-unclear]");
});

test("a bucket that is not there is told once by doctor, without trying to tidy up in it", async () => {
  const env = { S3_SECRET: fake.secretAccessKey };
  const { code } = await workspace.run(init(...store(), "--bucket", "nowhere"), env);
  expect(code).toBe(1);
  const doctor = await workspace.run(["doctor"], env);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toContain('there is no bucket "nowhere"');
  expect(doctor.stdout).not.toContain("warning ");
});
