import { expect, test } from "vitest";
import type { Change } from "../../../src/core/change.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { objectTarget } from "../../../src/targets/objects/object-target.ts";
import type { Publication, Stage } from "../../../src/targets/target.ts";
import { withRetry } from "../../../src/targets/with/retry.ts";
import { createMemoryBucket, type MemoryBucket, type MemoryCall } from "../../doubles/memory-object-store.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const LOST = new SmartsyncError("the line is down", { kind: "transient", code: "connection-lost" });

function targetOn(bucket: MemoryBucket) {
  const store = bucket.open();
  return objectTarget({ name: "bucket", store, prefix: "", state: { store, prefix: ".smartsync/" } });
}

async function stageOn(bucket: MemoryBucket): Promise<Stage> {
  const target = withRetry(targetOn(bucket), "bucket", { attempts: 8, firstWaitMs: 0.01 });
  if (target.stage === undefined) throw new Error("buckets stage");
  return target.stage("20261123-010203-abcd", testCtx());
}

function put(path: string, content: Uint8Array, reason: "new" | "content" = "new"): Change {
  return { kind: "put", file: metaOf(path, content), reason };
}

function publication(...changes: Change[]): Publication {
  return { phases: [{ name: "pages", changes }], missingDirs: [], emptied: [] };
}

/** What visitors see. */
function site(bucket: MemoryBucket): string[] {
  return [...bucket.objects.keys()].filter((key) => !key.startsWith(".smartsync/")).sort();
}

function requests(bucket: MemoryBucket, ...calls: MemoryCall[]): number {
  return calls.reduce((sum, call) => sum + (bucket.requests.get(call) ?? 0), 0);
}

/** Of each kind of request every other one fails, in turns before and after it took effect. */
function makeBrittle(bucket: MemoryBucket): void {
  const made = new Map<MemoryCall, number>();
  bucket.before = (call) => {
    const nth = (made.get(call) ?? 0) + 1;
    made.set(call, nth);
    if (nth % 4 === 1) throw LOST;
  };
  bucket.after = (call) => {
    if ((made.get(call) ?? 0) % 4 === 3) throw LOST;
  };
}

test("requests and answers that are lost on the way leave a publication and its way back whole", async () => {
  const bucket = createMemoryBucket();
  const content = bytes(3_000, 2);
  const paths = Array.from({ length: 30 }, (_, i) => `記事/${i}.html`);
  for (const path of [...paths.slice(0, 15), "gone.html"]) bucket.lay(path, Buffer.from(`古い ${path}`));
  const before = new Map([...bucket.objects].map(([key, { content }]) => [key, content]));
  makeBrittle(bucket);
  const ctx = testCtx();
  const stage = await stageOn(bucket);
  for (const path of paths) await stage.put(metaOf(path, content), bodyOf(content), ctx);
  const changes: Change[] = paths.map((path, i) => put(path, content, i < 15 ? "content" : "new"));
  changes.push({ kind: "delete", path: metaOf("gone.html", content).path, size: 10 });
  await stage.prepare(publication(...changes), ctx);
  const told: Change[] = [];
  await stage.publish(ctx, (change) => told.push(change));
  expect(told).toHaveLength(31);
  expect(new Set(told).size).toBe(31);
  expect(site(bucket)).toEqual(paths.toSorted());
  for (const path of paths)
    expect(Buffer.compare(bucket.objects.get(path)?.content ?? Buffer.alloc(0), content)).toBe(0);
  await stage.revert(ctx);
  expect(new Map([...bucket.objects].filter(([key]) => before.has(key)).map(([key, o]) => [key, o.content]))).toEqual(
    before,
  );
  expect(site(bucket)).toEqual([...before.keys()].sort());
});

test("what a run held that was killed while it sent is dropped by the next stage, and nothing else", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  const dead = await stageOn(bucket);
  const content = bytes(500);
  for (let i = 0; i < 40; i++) await dead.put(metaOf(`記事/${i}.html`, content), bodyOf(content), ctx);
  const others = bucket.open();
  await others.hold("動画/誰かの.mp4", "beside", content, {}, ctx);
  await others.put(".smartsync/head.json", content, {}, ctx);
  expect(bucket.held.size).toBe(41);
  await using _next = await stageOn(bucket);
  expect([...bucket.held.values()].map(({ key }) => key)).toEqual(["動画/誰かの.mp4"]);
  expect([...bucket.objects.keys()]).toEqual([".smartsync/head.json"]);
});

test("a stage that finds nothing left asks once for it", async () => {
  const bucket = createMemoryBucket();
  await (await stageOn(bucket))[Symbol.asyncDispose]();
  expect(requests(bucket, "list")).toBe(1);
  expect(requests(bucket, "dropHeld", "get", "put", "copy")).toBe(0);
});

test("publishing costs one request for each file, whatever was sent before", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  await using stage = await stageOn(bucket);
  const content = bytes(500);
  const paths = Array.from({ length: 120 }, (_, i) => `記事/${i}.html`);
  for (const path of paths) await stage.put(metaOf(path, content), bodyOf(content), ctx);
  await stage.prepare(publication(...paths.map((path) => put(path, content))), ctx);
  bucket.requests.clear();
  await stage.publish(ctx, () => {});
  expect([...bucket.requests]).toEqual([["commit", 120]]);
});

test("of many new files it is listed what is in their places, and not asked for each", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  await using stage = await stageOn(bucket);
  const content = bytes(50);
  const paths = Array.from({ length: 600 }, (_, i) => `記事/${i}.html`);
  bucket.lay("記事/77.html", Buffer.from("手作業"));
  for (const path of paths) await stage.put(metaOf(path, content), bodyOf(content), ctx);
  bucket.requests.clear();
  await stage.prepare(publication(...paths.map((path) => put(path, content))), ctx);
  expect(requests(bucket, "list")).toBeLessThanOrEqual(2);
  expect(requests(bucket, "copy")).toBe(1);
  await stage.publish(ctx, () => {});
  await stage.revert(ctx);
  expect(site(bucket)).toEqual(["記事/77.html"]);
  expect(Buffer.from(bucket.objects.get("記事/77.html")?.content ?? []).toString()).toBe("手作業");
});

test("a file that is not what was staged can't be published", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  await using stage = await stageOn(bucket);
  const [staged, planned] = [bytes(50, 1), bytes(50, 2)];
  await stage.put(metaOf("a.html", staged), bodyOf(staged), ctx);
  await expect(stage.prepare(publication(put("a.html", planned)), ctx)).rejects.toMatchObject({ code: "not-staged" });
  expect(site(bucket)).toEqual([]);
});

test("copies that are kept lie where no visitor can guess, and not in the site's own prefix", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  bucket.lay("a.html", Buffer.from("古い"));
  await using stage = await stageOn(bucket);
  const content = bytes(50);
  await stage.put(metaOf("a.html", content), bodyOf(content), ctx);
  await stage.prepare(publication(put("a.html", content, "content")), ctx);
  const kept = [...bucket.objects.keys()].filter((key) => key !== "a.html");
  expect(kept.length).toBeGreaterThan(0);
  for (const key of kept) expect(key).toMatch(/^\.smartsync\/\.stage\/[0-9a-f]{32}\//);
});
