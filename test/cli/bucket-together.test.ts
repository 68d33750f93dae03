import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FlakyProxy, startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { S3Fault } from "../doubles/s3-fake/fault.ts";
import { startS3Fake } from "../doubles/s3-fake/s3-fake.ts";
import { type CephServer, startCephRgw } from "../servers/ceph-rgw.ts";
import { makeBucket, openBucket } from "../servers/s3-bucket.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { s3Setting } from "../targets/s3/s3-setting.ts";
import { expectNothingLeft, type FoundObjects, openEyes } from "./bucket-eyes.ts";
import { type BucketLook, lookIntoS3 } from "./bucket-looks.ts";
import { expectPush, sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const OLD = { "index.html": "古い", "記事/一.html": "一", "記事/〇.html": "〇", "assets/site.css": "body{}" };
const rules = (cacheControl: string) => [{ match: "/assets/", cacheControl }];

let workspace: Workspace;
let web: SshServer;
let toWeb: FlakyProxy;
beforeEach(async () => {
  workspace = makeWorkspace();
  web = await startSshd();
  toWeb = await startFlakyProxy(web);
});
afterEach(async () => {
  workspace[Symbol.dispose]();
  await toWeb[Symbol.asyncDispose]();
  await web.stop();
});

const copy = () => join(workspace.dir, "copy");

/** A bucket, a directory here and a server over SFTP, published as one. */
function configure(bucket: object, cacheControl: string): void {
  const targets = {
    bucket,
    copy: { type: "local", path: "./copy" },
    web: sshSetting("sftp", web, { host: toWeb.host, timeout: 3 }),
  };
  workspace.configure(targets, { publish: "together", guard: { maxDelete: "100%" }, headers: rules(cacheControl) });
}

/** Delivers a first version to all three, and lays a second one in the source: other files, and other headers. */
async function deliverOld(bucket: object, see: () => Promise<FoundObjects>): Promise<FoundObjects> {
  configure(bucket, "max-age=60");
  workspace.publish(OLD);
  await expectPush(workspace, 0);
  configure(bucket, "max-age=3600");
  workspace.publish({ "index.html": "新しい", "記事/一.html": null, "記事/二.html": "二", "新着/三.html": "三" });
  return see();
}

/** Pushes, which fails with nothing changed on any of the three; gives what became of each. */
async function expectNothingChanged(before: FoundObjects, see: () => Promise<FoundObjects>): Promise<object> {
  const trees = [treeOf(copy()), treeOf(web.root)];
  const events = eventsOf(await expectPush(workspace, 1, { args: ["--json"] }));
  expect((await see()).visible).toEqual(before.visible);
  expect([treeOf(copy()), treeOf(web.root)]).toEqual(trees);
  const targets = events.at(-1)?.targets as { target: string; uploaded: number; failure?: object }[];
  expect(targets.map(({ uploaded }) => uploaded)).toEqual([0, 0, 0]);
  return Object.fromEntries(targets.map(({ target, failure }) => [target, failure]));
}

/** One plain push, and all three are what the site is. */
async function expectAllConverge(look: BucketLook, see: () => Promise<FoundObjects>): Promise<void> {
  await expectPush(workspace, 0);
  const site = treeOf(workspace.source);
  expect([treeOf(copy()), treeOf(web.root)]).toEqual([site, site]);
  const found = await see();
  expect([...found.visible.keys()].sort()).toEqual(Object.keys(site).sort());
  expect(found.visible.get("assets/site.css")).toContain("max-age=3600");
  await expectNothingLeft(look, found);
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
}

describe("a bucket of Ceph RGW, a directory and a server as one", () => {
  let server: CephServer;
  let buckets = 0;
  beforeAll(async () => {
    server = await startCephRgw();
  });
  afterAll(() => server?.stop());

  async function openBucketFor() {
    const name = `together-${++buckets}`;
    const look = lookIntoS3(await makeBucket(server, name));
    return { name, look, see: openEyes(look), setting: s3Setting(server, name) };
  }

  test("with the server down, nothing changes in the bucket", async () => {
    const { look, see, setting } = await openBucketFor();
    const before = await deliverOld(setting, see);
    toWeb.setFault(() => ({ kind: "reset", afterBytes: 0 }));
    expect(await expectNothingChanged(before, see)).toMatchObject({
      bucket: { code: "held-back" },
      copy: { code: "held-back" },
      web: { kind: "transient" },
    });
    toWeb.setFault(undefined);
    await expectAllConverge(look, see);
  });

  test("with a server that can't publish what it was sent, the bucket is put back, its headers too", async () => {
    const { look, see, setting } = await openBucketFor();
    const before = await deliverOld(setting, see);
    // It can be made ready there, and only the renames are refused.
    chmodSync(join(web.root, "記事"), 0o555);
    expect(await expectNothingChanged(before, see)).toMatchObject({
      bucket: { code: "put-back" },
      copy: { code: "put-back" },
      web: { code: "permission-denied" },
    });
    chmodSync(join(web.root, "記事"), 0o755);
    await expectAllConverge(look, see);
  });

  test("with a key the bucket does not take, nothing changes on the server and in the directory", async () => {
    const { look, see, setting } = await openBucketFor();
    const before = await deliverOld(setting, see);
    configure({ ...setting, secretAccessKey: "another/secret" }, "max-age=3600");
    expect(await expectNothingChanged(before, see)).toMatchObject({
      bucket: { kind: "auth", code: "credentials-wrong" },
      copy: { code: "held-back" },
      web: { code: "held-back" },
    });
    configure(setting, "max-age=3600");
    await expectAllConverge(look, see);
  });
});

test("with a bucket that refuses one of the commits, the server and the directory are put back", async () => {
  await using fake = await startS3Fake();
  const look = lookIntoS3(openBucket(fake, "site"));
  const see = openEyes(look);
  const before = await deliverOld(s3Setting(fake, "site"), see);
  fake.trouble = ({ operation, key }) =>
    operation === "CompleteMultipartUpload" && key === "新着/三.html"
      ? new S3Fault(403, "AccessDenied", "Access Denied")
      : undefined;
  expect(await expectNothingChanged(before, see)).toMatchObject({
    bucket: { code: "permission-denied" },
    copy: { code: "put-back" },
    web: { code: "put-back" },
  });
  fake.trouble = () => undefined;
  await expectAllConverge(look, see);
});
