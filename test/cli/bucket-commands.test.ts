import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type CephServer, startCephRgw } from "../servers/ceph-rgw.ts";
import { makeBucket, type S3Bucket } from "../servers/s3-bucket.ts";
import { s3Setting } from "../targets/s3/s3-setting.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

const SITE = {
  "index.html": "<h1>ようこそ</h1>",
  "会社/概要.html": "<h1>会社</h1>",
  "assets/site.css": "body {}",
  "assets/古い.css": "p {}",
};

let server: CephServer;
let buckets = 0;
beforeAll(async () => {
  server = await startCephRgw();
});
afterAll(() => server?.stop());

let workspace: Workspace;
let bucket: S3Bucket;
beforeEach(async () => {
  workspace = makeWorkspace();
  onTestFinished(() => workspace[Symbol.dispose]());
  bucket = await makeBucket(server, `commands-${++buckets}`);
  configure();
  workspace.publish(SITE);
});

/** The site with these further settings, on the bucket with those. */
function configure(site: object = {}, setting: object = {}): void {
  workspace.configure({ bucket: s3Setting(server, bucket.name, setting) }, site);
}

/** Runs a command, which ends with this code; gives everything it wrote. */
async function expectRun(code: number, ...args: string[]): Promise<string> {
  const { stdout, stderr, ...ended } = await workspace.run(args);
  const output = stdout + stderr;
  expect(ended.code, output).toBe(code);
  expect(output).not.toMatch(/\n\s+at .+:\d+:\d+/);
  expect(output).not.toContain(server.secretAccessKey);
  return output;
}

/** Pushes; gives the bucket's part of the last line. */
async function pushJson(...args: string[]): Promise<unknown> {
  const result = await workspace.run(["push", "--yes", "--json", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const done = eventsOf(result).at(-1);
  expect(done).toMatchObject({ type: "done", site: "corporate" });
  return (done as { targets?: unknown[] }).targets?.[0];
}

describe("what a delivery to a bucket tells", () => {
  test("a first one, then nothing to do; status, history and show know of it", async () => {
    expect(await expectRun(10, "plan", "--exit-code")).toContain("bucket  4 to send");
    expect(await pushJson()).toMatchObject({ target: "bucket", outcome: "done", uploaded: 4, deleted: 0 });
    expect(await expectRun(0, "show")).toContain("/会社/概要.html");
    expect(await expectRun(0, "plan", "--exit-code")).toContain("nothing to do · 4 unchanged");
    expect(await expectRun(0, "push", "--yes")).toContain("✓ up to date  bucket  4 unchanged");
    const status = await expectRun(0, "status");
    expect(status).toContain(`bucket  s3://${bucket.name}`);
    expect(status).toContain("4 files, generation 1");
    expect(await expectRun(0, "history")).toMatch(/✓ delivered +corporate +4 +47 B +0 /);
  });

  test("headers alone are told as such, and no bytes are sent for them", async () => {
    await pushJson();
    configure({ headers: [{ match: "/assets/", cacheControl: "public, max-age=600" }] });
    const plan = await expectRun(10, "plan", "--exit-code");
    expect(plan).toContain("bucket  2 to be given other headers · 2 unchanged");
    expect(plan).toMatch(/~ +headers +\/assets\/site\.css +0 B/);
    expect(await pushJson()).toMatchObject({ outcome: "done", uploaded: 0, headers: 2, bytes: 0, unchanged: 2 });
    expect((await bucket.head("assets/古い.css"))?.CacheControl).toBe("public, max-age=600");
    expect(await expectRun(0, "history")).toMatch(/headers .*\n.*✓ delivered +corporate +0 +0 B +2 +0 /);
    const shown = await expectRun(0, "show");
    expect(shown).toContain("2 given other headers");
    expect(shown).toMatch(/~ +\/assets\/site\.css/);
    await expectRun(0, "plan", "--exit-code");
  });

  test("what another tool put there is adopted where it is equal, and left alone where the site has no such file", async () => {
    for (const [path, content] of Object.entries(SITE)) await bucket.write(path, content);
    await bucket.write("手作業/メモ.txt", "誰かの");
    const verbose = await expectRun(0, "push", "--yes", "--verbose");
    expect(verbose).toContain("4 files put there by another tool found equal to the site's");
    expect(verbose).toContain("4 given other headers");
    expect(verbose).not.toMatch(/ sent /);
    expect((await bucket.head("index.html"))?.ContentType).toBe("text/html; charset=utf-8");
    expect(Buffer.from((await bucket.read("手作業/メモ.txt")) ?? []).toString()).toBe("誰かの");
    await expectRun(0, "plan", "--exit-code");
  });

  test("what somebody else changed or removed is told, and made good", async () => {
    await pushJson();
    await bucket.write("index.html", "<h1>改ざん</h1>");
    await bucket.remove(["会社/概要.html"]);
    const plan = await expectRun(10, "plan", "--exit-code");
    expect(plan).toContain("somebody else changed or removed what was delivered there: /index.html, /会社/概要.html");
    expect(await pushJson()).toMatchObject({ outcome: "done", uploaded: 2, unchanged: 2 });
    expect(Buffer.from((await bucket.read("index.html")) ?? []).toString()).toBe(SITE["index.html"]);
    expect(await expectRun(0, "plan", "--exit-code")).not.toContain("somebody else");
  });

  test("assets that left the site are told to stay for their grace, and pages go at once", async () => {
    configure({ grace: "1 delivery", guard: { maxDelete: "100%", maxShrink: "100%" } });
    await pushJson();
    workspace.publish({ "assets/古い.css": null, "会社/概要.html": null, "index.html": "<h1>新しい</h1>" });
    const plan = await expectRun(10, "plan", "--exit-code");
    expect(plan).toContain("1 to delete");
    expect(plan).toContain("1 kept for 1 delivery");
    expect(plan).toMatch(/= +keep +\/assets\/古い\.css/);
    expect(await pushJson()).toMatchObject({ uploaded: 1, deleted: 1, kept: 1 });
    expect(await bucket.keys("assets/")).toEqual(["assets/site.css", "assets/古い.css"]);
    expect(await expectRun(0, "status")).toContain("1 of them kept, not in the site any more");
    workspace.publish({ "index.html": "<h1>もっと新しい</h1>" });
    expect(await pushJson()).toMatchObject({ uploaded: 1, deleted: 1 });
    expect(await bucket.keys("assets/")).toEqual(["assets/site.css"]);
  });

  test("a staged one is told as such, and doctor tries it and says how the lock is taken", async () => {
    configure({ publish: "staged" });
    const output = await expectRun(0, "push", "--yes");
    expect(output).toMatch(/bucket: staged in .*, ready to be published/);
    expect(output).toMatch(/bucket: published in /);
    const before = await bucket.keys();
    const doctor = await expectRun(0, "doctor");
    expect(doctor).toContain("lock by conditional create");
    expect(doctor).toContain("laid beside the site, published, put back");
    expect(await bucket.keys()).toEqual(before);
    expect(await bucket.openUploads()).toEqual([]);
  });
});

describe("what can't work is told in words, with what to do, before the first byte", () => {
  /** A push that fails before anything is touched, and what plan, status and doctor say of the same. */
  async function expectFailure(code: string, hint: RegExp): Promise<void> {
    const before = await bucket.list();
    for (const [exit, ...args] of [
      [1, "push", "--yes"],
      [1, "plan"],
      [1, "status"],
      [1, "doctor"],
    ] as const) {
      const output = await expectRun(exit, ...args);
      expect(output, args.join(" ")).toContain(`[${code}]`);
      expect(output, args.join(" ")).toMatch(hint);
    }
    expect(await bucket.list()).toEqual(before);
  }

  test("a wrong secret", async () => {
    const secretAccessKey = "wrong/secret+of=nobody";
    configure({}, { secretAccessKey });
    await expectFailure("credentials-wrong", /hint: .*secretAccessKey/);
    expect(await expectRun(1, "push", "--yes", "--verbose")).not.toContain(secretAccessKey);
  });

  test("a key nobody knows", async () => {
    configure({}, { accessKeyId: "NOBODYSKEY" });
    await expectFailure("credentials-wrong", /hint: .*accessKeyId/);
  });

  test("a bucket that is not there", async () => {
    configure({}, { bucket: "no-such-bucket" });
    await expectFailure("bucket-missing", /hint: /);
  });

  test("a policy that allows everything but to list", async () => {
    const Resource = [`arn:aws:s3:::${bucket.name}`, `arn:aws:s3:::${bucket.name}/*`];
    const Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"];
    const Statement = [{ Effect: "Allow", Principal: { AWS: [server.guest.arn] }, Action, Resource }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }));
    const { accessKeyId, secretAccessKey } = server.guest;
    configure({}, { accessKeyId, secretAccessKey });
    await expectFailure("permission-denied", /hint: allow .*s3:ListBucket/);
  });
});
