import { expect, test } from "vitest";
import type { RelPath } from "../../../src/core/rel-path.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { objectTarget } from "../../../src/targets/objects/object-target.ts";
import { cutRanges } from "../../../src/targets/objects/survey-objects.ts";
import { createMemoryBucket, type MemoryBucket } from "../../doubles/memory-object-store.ts";
import { relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

function targetOn(bucket: MemoryBucket, prefix = "") {
  const store = bucket.open();
  return objectTarget({ name: "bucket", store, prefix, state: { store, prefix: ".smartsync/" } });
}

/** A bucket with so many files below its prefix, and their paths in order. */
function filled(count: number, prefix = ""): { bucket: MemoryBucket; paths: RelPath[] } {
  const bucket = createMemoryBucket();
  const paths = Array.from({ length: count }, (_, i) => relPath(`記事/${i % 97}/${i}.html`)).sort();
  for (const path of paths) bucket.lay(prefix + path, Buffer.from("頁"));
  return { bucket, paths };
}

for (const count of [0, 1, 949, 950, 951, 1_900, 6_500]) {
  test(`a site of ${count} known files is listed in pages of its own, and hardly more of them than a plain list has`, async () => {
    const { bucket, paths } = filled(count, "docs/");
    bucket.lay("other/x.html", Buffer.from("別"));
    const found = await targetOn(bucket, "docs/").survey?.(paths, testCtx());
    expect([...(found?.keys() ?? [])].sort()).toEqual(paths);
    expect(bucket.requests.get("list")).toBeLessThanOrEqual(Math.ceil((count + 1) / 1_000) * 1.1 + 2);
  });
}

test("the parts are listed at once", async () => {
  const { bucket, paths } = filled(6_500);
  let inFlight = 0;
  let most = 0;
  bucket.before = async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inFlight--;
  };
  await targetOn(bucket).survey?.(paths, testCtx());
  expect(most).toBe(7);
});

test("files nobody knew of are found, among the known ones and beyond them", async () => {
  const { bucket, paths } = filled(2_500);
  const others = ["!.html", "記事/5/手で.html", "記事/～.html", "記事/🍣.html", "～.html", "🍣.html"].map(relPath);
  for (const path of others) bucket.lay(path, Buffer.from("手"));
  for (let i = 0; i < 300; i++) bucket.lay(`記事/5/x${i}.html`, Buffer.from("手"));
  const found = await targetOn(bucket).survey?.(paths, testCtx());
  expect(found?.size).toBe(2_500 + others.length + 300);
  for (const path of others) expect(found?.has(path)).toBe(true);
});

test("names in another order by their bytes than by JavaScript's reckoning are cut where the bytes are", () => {
  const names = Array.from({ length: 3_000 }, (_, i) => (i % 2 ? "～" : "🍣") + String(i).padStart(5, "0"));
  const ranges = cutRanges(names.sort());
  const borders = ranges.flatMap(({ from }) => (from === undefined ? [] : [Buffer.from(from)]));
  expect(borders).toEqual(borders.toSorted(Buffer.compare));
  expect(ranges.map(({ until }) => until).slice(0, -1)).toEqual(ranges.map(({ from }) => from).slice(1));
  expect(ranges[0]?.from ?? ranges.at(-1)?.until).toBeUndefined();
});

test("smartsync's own objects and keys that are no file's are left out", async () => {
  const { bucket, paths } = filled(3);
  for (const key of [".smartsync/head.json", ".smartsync/.stage/x/1", "docs/", "a//b.html", "/lead.html", "a/../b"]) {
    bucket.lay(key, Buffer.from("x"));
  }
  const found = await targetOn(bucket).survey?.([], testCtx());
  expect([...(found?.keys() ?? [])].sort()).toEqual(paths);
});

test("a list that is slowed down goes on where it was", async () => {
  const { bucket, paths } = filled(3_500);
  let pages = 0;
  bucket.before = (call) => {
    if (call !== "list" || ++pages % 2 === 1) return;
    throw new SmartsyncError("the store says SlowDown", { kind: "transient", code: "slow-down" });
  };
  const found = await Array.fromAsync(targetOn(bucket).list("", testCtx()));
  expect(found.map(({ path }) => path)).toEqual(paths);
  expect(pages).toBeLessThan(10);
});
