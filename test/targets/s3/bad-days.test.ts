import { expect, test } from "vitest";
import { treeOf } from "../../cli/workspace.ts";
import { S3Fault } from "../../doubles/s3-fake/fault.ts";
import { bytes } from "../../doubles/site-file.ts";
import { expectDelivered, expectPush, rewrite, siteFor, siteIn } from "./deliveries.ts";
import { s3Setting, startFake } from "./s3-setting.ts";

const BROKEN = () => new S3Fault(500, "InternalError", "We encountered an internal error. Please try again.");
const MB = 1 << 20;

test("connections that are cut, before the store has done anything or within its answer, cost a request each", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site", { connections: 8 }), 200);
  let count = 0;
  fake.trouble = () => {
    count++;
    if (count % 40 === 7) return { cut: "request" };
    return count % 40 === 23 ? { cut: "answer" } : undefined;
  };
  await expectPush(workspace, 0);
  fake.trouble = () => undefined;
  await expectDelivered(workspace, bucket);
  expect(fake.exchanges.filter(({ status }) => status === 0).length).toBeGreaterThan(5);
});

test("a part of a large file that fails is sent again, and only that part", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site", { partSize: 5 }), 3);
  workspace.publish({ "動画/大.mp4": bytes(21 * MB) });
  const failed = new Set<string>();
  fake.trouble = ({ operation, query }) => {
    const part = query.get("partNumber") ?? "";
    if (operation !== "UploadPart" || failed.has(part) || Number(part) % 2 === 1) return undefined;
    failed.add(part);
    return part === "2" ? BROKEN() : { cut: "answer" };
  };
  await expectPush(workspace, 0);
  await expectDelivered(workspace, bucket);
  const parts = fake.exchanges.filter(({ request }) => request?.operation === "UploadPart");
  expect(parts.map(({ request }) => request?.query.get("partNumber")).sort()).toEqual([
    "1",
    "2",
    "2",
    "3",
    "4",
    "4",
    "5",
  ]);
});

test("a part that is refused fails its file, leaves nothing half-done, and the next delivery sends it", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site", { partSize: 5 }), 3);
  workspace.publish({ "動画/大.mp4": bytes(12 * MB) });
  fake.trouble = ({ operation, query }) =>
    operation === "UploadPart" && query.get("partNumber") === "2"
      ? new S3Fault(403, "AccessDenied", "Access Denied")
      : undefined;
  const { output } = await expectPush(workspace, 1);
  expect(output).toContain("動画/大.mp4");
  expect(await bucket.openUploads()).toEqual([]);
  expect(await bucket.read("動画/大.mp4")).toBeUndefined();
  fake.trouble = () => undefined;
  await expectPush(workspace, 0);
  await expectDelivered(workspace, bucket);
});

test("a bucket that vanishes in mid-run ends the delivery soon, by its name", async () => {
  const { fake } = await startFake({ latencyMs: 5 });
  const workspace = siteFor(s3Setting(fake, "site", { connections: 8 }), 400);
  let puts = 0;
  fake.trouble = ({ operation }) => {
    if (operation === "PutObject" && ++puts === 100) fake.buckets.delete("site");
    return undefined;
  };
  const { output } = await expectPush(workspace, 1);
  expect(output).toContain('there is no bucket "site"');
  const after = fake.exchanges.filter(({ code }) => code === "NoSuchBucket");
  expect(after.length).toBeLessThan(60);
});

test("a bucket that was never there is said to be missing, and none is made", async () => {
  const { fake } = await startFake();
  const { output } = await expectPush(siteFor(s3Setting(fake, "nowhere")), 1);
  expect(output).toContain('there is no bucket "nowhere"');
  expect([...fake.buckets.keys()]).toEqual(["site"]);
});

test("what DeleteObjects could not delete is told by its key, the rest is gone, and the next delivery tries again", async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site"), 12);
  await expectPush(workspace, 0);
  workspace.publish({ "news/1000.html": null, "お知らせ/1001.html": null, "news/1002.html": null });
  fake.undeletable.set("お知らせ/1001.html", new S3Fault(403, "AccessDenied", "Access Denied"));
  const result = await workspace.run(["push", "--yes", "--allow", "delete-limit"]);
  const output = result.stdout + result.stderr;
  expect([1, 3], output).toContain(result.code);
  expect(output).toContain("お知らせ/1001.html");
  expect(Object.keys(await siteIn(bucket)).filter((key) => /100[012]/.test(key))).toEqual(["お知らせ/1001.html"]);
  fake.undeletable.clear();
  await expectPush(workspace, 0);
  await expectDelivered(workspace, bucket);
});

test("every third request fails with 500, and the delivery converges all the same", { timeout: 150_000 }, async () => {
  const { fake, bucket } = await startFake();
  const workspace = siteFor(s3Setting(fake, "site", { connections: 16 }), 150);
  let count = 0;
  fake.trouble = () => (++count % 3 === 0 ? BROKEN() : undefined);
  await expectPush(workspace, 0);
  rewrite(workspace);
  await expectPush(workspace, 0);
  fake.trouble = () => undefined;
  await expectDelivered(workspace, bucket);
  expect(await siteIn(bucket)).toEqual(treeOf(workspace.source));
});
