import { expect, test } from "vitest";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { objectTarget } from "../../../src/targets/objects/object-target.ts";
import { createMemoryBucket, type MemoryBucket } from "../../doubles/memory-object-store.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

function place(bucket: MemoryBucket, prefix: string, statePrefix: string, records = bucket) {
  const store = bucket.open({ place: "s3://www-example" });
  const state = records === bucket ? store : records.open({ place: "s3://records" });
  return objectTarget({ name: "bucket", store, prefix, state: { store: state, prefix: statePrefix } });
}

const CONTENT = bytes(100);

test("records inside the site are told as such, with the way visitors would take; others are not", () => {
  const bucket = createMemoryBucket();
  const whole = place(bucket, "", ".smartsync/").state;
  expect([whole.place, whole.webPath]).toEqual(["s3://www-example/.smartsync", ".smartsync"]);
  const part = place(bucket, "docs/", "docs/.smartsync/").state;
  expect([part.place, part.webPath]).toEqual(["s3://www-example/docs/.smartsync", ".smartsync"]);
  expect(place(bucket, "docs/", ".smartsync/docs/").state.webPath).toBeUndefined();
  const elsewhere = place(bucket, "", "www/", createMemoryBucket()).state;
  expect([elsewhere.place, elsewhere.webPath]).toEqual(["s3://records/www", undefined]);
});

test("records of their own name inside the site are no files of it", async () => {
  const bucket = createMemoryBucket();
  const target = place(bucket, "docs/", "docs/records/");
  const ctx = testCtx();
  await target.state.write("head.json", CONTENT, ctx);
  await target.put(metaOf("a.html", CONTENT), bodyOf(CONTENT), ctx);
  expect((await Array.fromAsync(target.list("", ctx))).map(({ path }) => path)).toEqual(["a.html"]);
  expect([...((await target.survey?.([], ctx)) ?? [])].map(([path]) => path)).toEqual(["a.html"]);
});

test("with the records in a bucket of their own, files and what is staged lie in the site's", async () => {
  const [bucket, records] = [createMemoryBucket(), createMemoryBucket()];
  const target = place(bucket, "docs/", "", records);
  const ctx = testCtx();
  await target.state.write("head.json", CONTENT, ctx);
  await target.state.takeLock(CONTENT, ctx);
  expect(await target.state.list(ctx)).toEqual(["head.json"]);
  bucket.lay("docs/a.html", CONTENT);
  const stage = await target.stage?.("run", ctx);
  await stage?.put(metaOf("a.html", bytes(5)), bodyOf(bytes(5)), ctx);
  const changes = [{ kind: "put", file: metaOf("a.html", bytes(5)), reason: "content" }] as const;
  await stage?.prepare({ phases: [{ name: "pages", changes }], missingDirs: [], emptied: [] }, ctx);
  const inside = [...bucket.objects.keys()].filter((key) => key !== "docs/a.html");
  expect(inside.length).toBeGreaterThan(0);
  for (const key of inside) expect(key).toMatch(/^docs\/\.smartsync\/\.stage\//);
  expect([...records.objects.keys()]).toEqual(["head.json", "lock"]);
  await stage?.[Symbol.asyncDispose]();
  expect([...bucket.objects.keys()]).toEqual(["docs/a.html"]);
});

test("a prefix takes its part of the longest key", async () => {
  const target = place(createMemoryBucket(), "長い/", ".smartsync/");
  expect(target.caps.names.maxPathBytes).toBe(1_024 - 7);
  const [fits, doesNot] = ["x".repeat(1_017), "x".repeat(1_018)];
  await target.put(metaOf(fits, CONTENT), bodyOf(CONTENT), testCtx());
  const put = target.put(metaOf(doesNot, CONTENT), bodyOf(CONTENT), testCtx());
  await expect(put).rejects.toMatchObject({ kind: "config", code: "bad-name" });
});

test("a record is replaced by one request, after it was allowed", async () => {
  const bucket = createMemoryBucket();
  const { state } = place(bucket, "", ".smartsync/");
  await state.write("head.json", CONTENT, testCtx(), async () => expect(bucket.requests.size).toBe(0));
  expect([...bucket.requests]).toEqual([["put", 1]]);
});

test("sweeping drops what is held for these files, and asks nothing when there are none", async () => {
  const bucket = createMemoryBucket();
  const target = place(bucket, "docs/", ".smartsync/");
  const ctx = testCtx();
  const store = bucket.open();
  for (const key of ["docs/a.html", "docs/b.html"]) await store.hold(key, "beside", CONTENT, {}, ctx);
  bucket.requests.clear();
  await target.sweep([], ctx);
  expect(bucket.requests.size).toBe(0);
  await target.sweep([relPath("a.html")], ctx);
  expect([...bucket.held.values()].map(({ key }) => key)).toEqual(["docs/b.html"]);
});

test("a file that is slowed down is sent again from what was read of it", async () => {
  const bucket = createMemoryBucket();
  let refused = 0;
  bucket.before = (call) => {
    if (call !== "put" || refused++ > 1) return;
    throw new SmartsyncError("the store says SlowDown", { kind: "transient", code: "slow-down" });
  };
  let bodies = 0;
  const body = () => {
    bodies++;
    return bodyOf(CONTENT)();
  };
  const ctx = testCtx();
  await place(bucket, "", ".smartsync/").put(metaOf("a.html", CONTENT), body, ctx);
  expect(bodies).toBe(1);
  expect(bucket.objects.has("a.html")).toBe(true);
  expect(ctx.events).toMatchObject([{ type: "limit-learned", target: "bucket", connections: 1 }]);
});

test("what doctor is told ends with how the lock is taken", async () => {
  expect(await place(createMemoryBucket(), "", ".smartsync/").examine?.(testCtx())).toEqual([
    "lock by conditional create",
  ]);
});
