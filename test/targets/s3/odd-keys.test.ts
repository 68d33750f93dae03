import { describe, expect, test } from "vitest";
import { startS3Fake } from "../../doubles/s3-fake/s3-fake.ts";
import { startCephRgw } from "../../servers/ceph-rgw.ts";
import { makeBucket, openBucket } from "../../servers/s3-bucket.ts";
import { startSwift } from "../../servers/swift.ts";
import { expectDelivered, expectPush, rewrite, siteFor } from "./deliveries.ts";
import { s3Setting } from "./s3-setting.ts";

const PREFIX = "サイト + 1/";

/** 1,024 bytes with the prefix and all folders, each of at most 255 bytes, as file systems have it. */
const LONGEST = `${["あ", "い", "う"].map((letter) => letter.repeat(85)).join("/")}/${"え".repeat(77)}.htm${"l".repeat(7)}`;

const ODD = [
  "a+b & c%d #e ?f.html",
  "100%25 + %2B/%.html",
  "お知らせ/二〇二六年 度.html",
  "ﾊﾝｶｸ/𠮷野家😀.html",
  "quotes \"'`/<b>&amp;.html",
  "~tilde!*'();:@=,$[]{}|^.html",
  " leading and trailing /  two  spaces .html",
  "..dots/...html",
  "back\\slash.html",
  LONGEST,
];

describe.each([
  { name: "the fake", start: () => startS3Fake({ buckets: {} }), preset: "ceph" },
  { name: "Ceph RGW", start: startCephRgw, preset: "ceph" },
  { name: "Swift", start: startSwift, preset: "generic" },
])("$name", ({ start, preset }) => {
  test("files with odd names are delivered, changed, found unchanged and deleted under exactly their names", {
    timeout: 150_000,
  }, async () => {
    await using server = await start();
    await makeBucket(server, "odd-keys");
    const bucket = openBucket(server, "odd-keys");
    const workspace = siteFor(s3Setting(server, "odd-keys", { preset, prefix: PREFIX }), 20);
    workspace.publish(Object.fromEntries(ODD.map((path) => [path, path])));
    await expectPush(workspace, 0);
    await expectDelivered(workspace, bucket, PREFIX);
    rewrite(workspace);
    await expectPush(workspace, 0);
    await expectDelivered(workspace, bucket, PREFIX);
    workspace.publish(Object.fromEntries(ODD.map((path) => [path, null])));
    await expectPush(workspace, 0, {}, ["--allow", "delete-limit"]);
    await expectDelivered(workspace, bucket, PREFIX);
  });
});

test("the longest key is 1,024 bytes, a longer one is refused before anything is sent", async () => {
  expect(Buffer.byteLength(LONGEST)).toBe(1024 - Buffer.byteLength(PREFIX));
  await using fake = await startS3Fake();
  const workspace = siteFor(s3Setting(fake, "site", { prefix: "docs/" }), 1);
  const longer = `${LONGEST}${"m".repeat(1024 - 5 - Buffer.byteLength(LONGEST) + 1)}`;
  workspace.publish({ [longer]: "x" });
  await expectPush(workspace, 4);
  expect(fake.exchanges.filter(({ request }) => request?.method !== "GET")).toEqual([]);
  workspace.publish({ [longer]: null, [longer.slice(0, -1)]: "x" });
  await expectPush(workspace, 0);
  await expectDelivered(workspace, openBucket(fake, "site"), "docs/");
});
