import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { startCephRgw } from "../../servers/ceph-rgw.ts";
import { makeBucket } from "../../servers/s3-bucket.ts";
import { examine, expectPush, siteFor, siteIn } from "./deliveries.ts";
import { s3Setting, startFake } from "./s3-setting.ts";

const NEEDED = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:AbortMultipartUpload"];

test("doctor finds nothing wrong where everything is allowed, and says what the store can do", async () => {
  const { fake, bucket } = await startFake();
  const { code, output } = await examine(siteFor(s3Setting(fake, "site"), 3));
  expect(code, output).toBe(0);
  expect(await bucket.keys()).toEqual([]);
  expect(await bucket.openUploads()).toEqual([]);
});

test.each(["s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetObject"])(
  "doctor names %s where a policy forbids it, and how to allow it",
  async (action) => {
    const { fake } = await startFake();
    fake.forbidden.add(action);
    const { code, output } = await examine(siteFor(s3Setting(fake, "site"), 3));
    expect(code, output).toBe(1);
    expect(output).toContain("[permission-denied]");
    expect(output).toMatch(new RegExp(`hint: allow .*${action}`));
  },
);

test("a delivery that may not delete sends what is new, and says what it could not delete and why", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site"), 8);
  await expectPush(workspace, 0);
  workspace.publish({ "news/1000.html": null, "news/新着.html": "新しい" });
  fake.forbidden.add("s3:DeleteObject");
  const { code, stdout, stderr } = await workspace.run(["push", "--yes", "--allow", "delete-limit"]);
  expect(code, stdout + stderr).not.toBe(0);
  expect(stdout + stderr).toContain("hint: allow s3:DeleteObject on arn:aws:s3:::site/*");
  fake.forbidden.clear();
  await expectPush(workspace, 0);
  expect(Object.keys(await siteIn(bucket))).toContain("news/新着.html");
  expect(Object.keys(await siteIn(bucket))).not.toContain("news/1000.html");
});

test("a delivery that may not list stops before the first byte: unreadable is not empty", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site"), 8);
  fake.forbidden.add("s3:ListBucket");
  const { output } = await expectPush(workspace, 1);
  expect(output).toMatch(/hint: allow .*s3:ListBucket/);
  fake.forbidden.clear();
  expect(Object.keys(await siteIn(bucket))).toEqual([]);
});

test("a real bucket policy is understood: with everything allowed the guest delivers, without one action doctor names it", {
  timeout: 150_000,
}, async () => {
  await using server = await startCephRgw();
  const bucket = await makeBucket(server, "shared");
  const allow = async (actions: readonly string[]) => {
    const Resource = ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"];
    const Statement = [{ Effect: "Allow", Principal: { AWS: [server.guest.arn] }, Action: actions, Resource }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: "shared", Policy }));
  };
  const workspace = siteFor(s3Setting({ ...server, ...server.guest }, "shared"), 5);
  const all = [...NEEDED, "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"];
  for (const missing of ["s3:DeleteObject", "s3:ListBucket"]) {
    await allow(all.filter((action) => action !== missing));
    const { code, output } = await examine(workspace);
    expect(code, output).toBe(1);
    expect(output).toMatch(new RegExp(`hint: allow .*${missing}`));
  }
  await allow(all);
  expect(await examine(workspace)).toMatchObject({ code: 0 });
  await expectPush(workspace, 0);
  // What the guest put is the guest's: the owner may list it, not read it.
  expect((await bucket.keys()).filter((key) => !key.startsWith(".smartsync"))).toHaveLength(7);
});
