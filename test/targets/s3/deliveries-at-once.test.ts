import { describe, expect, test } from "vitest";
import { untilTold } from "../../cli/workspace.ts";
import type { S3FakeOptions } from "../../doubles/s3-fake/options.ts";
import { startCephRgw } from "../../servers/ceph-rgw.ts";
import { makeBucket } from "../../servers/s3-bucket.ts";
import { startSwift } from "../../servers/swift.ts";
import { expectDelivered, expectGaveWay, siteFor } from "./deliveries.ts";
import { s3Setting, startFake } from "./s3-setting.ts";

const STORES: readonly { name: string; preset: string; options: S3FakeOptions }[] = [
  { name: "a store with conditional writes", preset: "aws", options: {} },
  { name: "a store that ignores conditions", preset: "generic", options: { conditions: "ignored" } },
  { name: "a store that refuses conditions", preset: "generic", options: { conditions: "refused" } },
];

describe.each(STORES)("$name", ({ preset, options }) => {
  test("of two deliveries at once one delivers, and the other says who is at work", async () => {
    const { fake, bucket } = await startFake(options);
    const workspace = siteFor(s3Setting(fake, "site", { preset, addressing: "path" }), 30);
    const second = Promise.withResolvers<void>();
    fake.trouble = ({ key }) => (key.startsWith("news/") ? { after: second.promise } : undefined);
    const first = workspace.start(["push", "--yes", "--json"]);
    await untilTold(first, "locked", 1);
    const { code, stdout, stderr } = await workspace.run(["push", "--yes"]);
    second.resolve();
    expect(code, stdout + stderr).toBe(5);
    expect(stdout + stderr).toMatch(/another delivery is at work: push by .+@.+ since/);
    expect((await first.ended).code).toBe(0);
    await expectDelivered(workspace, bucket);
  });

  test("of four that start in the same moment one takes the lock", async () => {
    const { fake, bucket } = await startFake({ latencyMs: 5, ...options });
    const setting = s3Setting(fake, "site", { preset, connections: 4, addressing: "path" });
    const workspaces = Array.from({ length: 4 }, () => siteFor(setting, 100));
    const ended = await Promise.all(workspaces.map((workspace) => workspace.run(["push", "--yes"])));
    ended.forEach(expectGaveWay);
    expect(ended.map(({ code }) => code)).toContain(0);
    const [workspace] = workspaces;
    if (workspace !== undefined) await expectDelivered(workspace, bucket);
  });
});

test.each([
  { name: "Ceph RGW", start: startCephRgw, preset: "ceph" },
  { name: "Swift", start: startSwift, preset: "generic" },
])("on $name two deliveries at once end as one delivery", { timeout: 150_000 }, async ({ start, preset }) => {
  await using server = await start();
  const bucket = await makeBucket(server, "once");
  const workspace = siteFor(s3Setting(server, "once", { preset }), 400);
  const first = workspace.start(["push", "--yes", "--json"]);
  await untilTold(first, "locked", 1);
  const second = await workspace.run(["push", "--yes"]);
  const { code, stdout, stderr } = await first.ended;
  expect(code, stdout + stderr).toBe(0);
  expectGaveWay(second);
  await expectDelivered(workspace, bucket);
});
