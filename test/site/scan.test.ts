import { appendFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hashSnapshot } from "../../src/core/snapshot.ts";
import { sha256 } from "../core/snapshots.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { laterClock, memoryCache, scratchSite } from "./scratch-site.ts";

const later = () => testCtx({ clock: laterClock });

test("every file is found with its size, hash, time and mode, in path order", async () => {
  using site = scratchSite({
    "index.html": "<h1>こんにちは</h1>",
    "a.html": "a",
    "a/b.html": "b",
    "a-b/c.html": "c",
    "ガイド/表紙.png": Uint8Array.of(0, 255),
    ".well-known/security.txt": "",
    ".htaccess": "deny",
  });
  const { snapshot, problems, hashed } = await site.open().scan(testCtx());
  const paths = [...snapshot.files.keys()];
  expect(paths).toEqual([
    ".htaccess",
    ".well-known/security.txt",
    "a-b/c.html",
    "a.html",
    "a/b.html",
    "index.html",
    "ガイド/表紙.png",
  ]);
  expect(paths).toEqual([...paths].sort());
  const { mtimeMs, mode } = statSync(site.at("index.html"));
  expect([...snapshot.files.values()].find(({ path }) => path === "index.html")).toEqual({
    path: "index.html",
    size: Buffer.byteLength("<h1>こんにちは</h1>"),
    sha256: sha256("<h1>こんにちは</h1>"),
    mtimeMs: Math.floor(mtimeMs),
    mode: mode & 0o777,
  });
  expect(problems).toEqual([]);
  expect(hashed).toBe(7);
});

test("an empty site is no error: a guard refuses it, not the scan", async () => {
  using site = scratchSite();
  expect(await site.open().scan(testCtx())).toEqual({ snapshot: { files: new Map() }, problems: [], hashed: 0 });
});

test("a site that did not change is not read again", async () => {
  using site = scratchSite({ "index.html": "1", "ニュース/1.html": "2", "ニュース/2.html": "3" });
  const cache = memoryCache();
  const first = await site.open({ cache }).scan(later());
  const second = await site.open({ cache }).scan(later());
  expect([first.hashed, second.hashed]).toEqual([3, 0]);
  expect(second.snapshot).toEqual(first.snapshot);
  expect([...cache.records.keys()].sort()).toEqual(["", "ニュース"]);
});

test("only what changed is read again, and what is gone is forgotten", async () => {
  using site = scratchSite({ "a.html": "1", "b.html": "2", "x/c.html": "3", "y/d.html": "4", "y/e.html": "5" });
  const cache = memoryCache();
  await site.open({ cache }).scan(later());
  site.write("b.html", "two");
  site.write("z/new.html", "new");
  rmSync(site.at("x"), { recursive: true });
  rmSync(site.at("y/d.html"));
  const { snapshot, hashed } = await site.open({ cache }).scan(later());
  expect(hashed).toBe(2);
  expect([...snapshot.files.values()].map(({ path, sha256 }) => [path, sha256])).toEqual(
    Object.entries({ "a.html": "1", "b.html": "two", "y/e.html": "5", "z/new.html": "new" }).map(([path, text]) => [
      path,
      sha256(text),
    ]),
  );
  expect([...cache.records.keys()].sort()).toEqual(["", "y", "z"]);
  expect((await site.open({ cache }).scan(later())).hashed).toBe(0);
});

test("a rebuild that only touches every time gives the same snapshot", async () => {
  using site = scratchSite({ "a.html": "1", "b/c.html": "2" });
  const cache = memoryCache();
  const before = await site.open({ cache }).scan(later());
  for (const path of ["a.html", "b/c.html"]) utimesSync(site.at(path), new Date(), new Date("2026-11-22T10:00:00Z"));
  const after = await site.open({ cache }).scan(later());
  expect(after.hashed).toBe(2);
  expect(hashSnapshot(after.snapshot)).toBe(hashSnapshot(before.snapshot));
});

test("an edit that keeps size and modification time is noticed", async () => {
  using site = scratchSite({ "a.html": "old" });
  const cache = memoryCache();
  await site.open({ cache }).scan(later());
  const { atime, mtime } = statSync(site.at("a.html"));
  site.write("a.html", "new");
  utimesSync(site.at("a.html"), atime, mtime);
  const { snapshot } = await site.open({ cache }).scan(later());
  expect([...snapshot.files.values()][0]?.sha256).toBe(sha256("new"));
});

test("a file put in place of another by a rename is noticed", async () => {
  using site = scratchSite({ "a.html": "old", "b.html": "new" });
  const cache = memoryCache();
  await site.open({ cache }).scan(later());
  renameSync(site.at("b.html"), site.at("a.html"));
  const { snapshot } = await site.open({ cache }).scan(later());
  expect([...snapshot.files.values()].map(({ path, sha256 }) => [path, sha256])).toEqual([["a.html", sha256("new")]]);
});

test("a file written less than two seconds before it was hashed is hashed again next time", async () => {
  using site = scratchSite({ "a.html": "1" });
  const cache = memoryCache();
  expect((await site.open({ cache }).scan(testCtx())).hashed).toBe(1);
  expect(cache.records.size).toBe(0);
  expect((await site.open({ cache }).scan(later())).hashed).toBe(1);
  expect((await site.open({ cache }).scan(later())).hashed).toBe(0);
});

test.each([
  ["size", 0],
  ["modification time", 1],
  ["change time", 2],
  ["inode", 3],
])("a file is read again when nothing but its %s differs from what is remembered", async (_, column) => {
  using site = scratchSite({ "a.html": "1" });
  const cache = memoryCache();
  await site.open({ cache }).scan(later());
  const record = cache.records.get("") ?? new Uint8Array();
  const numbers = new Float64Array(new Uint8Array(record).buffer.slice(16, 16 + 5 * 8));
  numbers[column] = (numbers[column] ?? 0) + 1;
  cache.records.set("", Buffer.concat([record.subarray(0, 16), Buffer.from(numbers.buffer), record.subarray(56)]));
  expect((await site.open({ cache }).scan(later())).hashed).toBe(1);
});

test("a modification time in the future is remembered like any other", async () => {
  using site = scratchSite({ "a.html": "1" });
  utimesSync(site.at("a.html"), new Date(), new Date("2040-01-01T00:00:00+09:00"));
  const cache = memoryCache();
  await site.open({ cache }).scan(later());
  expect((await site.open({ cache }).scan(later())).hashed).toBe(0);
});

test.each([
  ["cut short", (record: Uint8Array) => record.subarray(0, record.length - 1)],
  ["of another format", (record: Uint8Array) => record.with(7, 1)],
  ["empty", () => new Uint8Array()],
])("a remembered record that is %s costs a reading and no more", async (_, damage) => {
  using site = scratchSite({ "a.html": "1", "b.html": "2" });
  const cache = memoryCache();
  const whole = await site.open({ cache }).scan(later());
  for (const [dir, record] of cache.records) cache.records.set(dir, damage(record));
  const { snapshot, hashed } = await site.open({ cache }).scan(later());
  expect(snapshot).toEqual(whole.snapshot);
  expect(hashed).toBeGreaterThan(0);
  expect((await site.open({ cache }).scan(later())).hashed).toBe(0);
});

test("a file larger than any buffer is hashed whole", async () => {
  using site = scratchSite();
  const part = "0123456789abcdef".repeat(1 << 16);
  for (let i = 0; i < 20; i++) appendFileSync(site.at("large.bin"), part);
  writeFileSync(site.at("small.bin"), part);
  const { snapshot } = await site.open().scan(testCtx());
  expect([...snapshot.files.values()].map(({ path, size, sha256 }) => [path, size, sha256])).toEqual([
    ["large.bin", 20 * part.length, sha256(part.repeat(20))],
    ["small.bin", part.length, sha256(part)],
  ]);
});

test("twenty thousand files in many directories come out whole, on many threads, and are then remembered", async () => {
  using site = scratchSite();
  const expected = new Map<string, string>();
  for (let dir = 0; dir < 250; dir++) {
    for (let file = 0; file < 80; file++) {
      const path = `区分-${dir % 10}/カテゴリ-${dir}/記事-${file}.html`;
      expected.set(path, `<p>${dir}/${file}</p>`);
    }
  }
  for (const [path, content] of expected) site.write(path, content);
  const cache = memoryCache();
  const first = await site.open({ cache }).scan(later());
  expect(first.snapshot.files.size).toBe(20_000);
  expect([...first.snapshot.files.keys()]).toEqual([...expected.keys()].sort());
  expect(
    [...first.snapshot.files.values()].filter((file) => file.sha256 !== sha256(expected.get(file.path) ?? "")),
  ).toEqual([]);
  const second = await site.open({ cache }).scan(later());
  expect([first.hashed, second.hashed]).toEqual([20_000, 0]);
  expect(second.snapshot).toEqual(first.snapshot);
  expect([...second.snapshot.files.keys()]).toEqual([...expected.keys()].sort());
});

test("a scan that is stopped ends at once and keeps what it has read", async () => {
  using site = scratchSite();
  for (let i = 0; i < 3_000; i++) site.write(`d${i % 100}/${i}.html`, `${i}`);
  const cache = memoryCache();
  const stop = new AbortController();
  let now = Date.now() + 5_000;
  const ctx = testCtx({ signal: stop.signal, clock: { ...laterClock, now: () => (now += 10) } });
  const emit: typeof ctx.emit = (event) => {
    if (event.type === "scan-progress" && event.bytes > 0) stop.abort();
  };
  await expect(site.open({ cache }).scan({ ...ctx, emit })).rejects.toThrow(/abort/i);
  const { hashed, snapshot } = await site.open({ cache }).scan(later());
  expect(snapshot.files.size).toBe(3_000);
  expect(hashed).toBeLessThan(3_000);
  expect(hashed).toBeGreaterThan(0);
});

test("a long scan says how far it has come, at most five times a second", async () => {
  using site = scratchSite();
  for (let i = 0; i < 600; i++) site.write(`${i}.html`, "x".repeat(1_000));
  let now = Date.now();
  const ctx = testCtx({ clock: { ...laterClock, now: () => (now += 150) } });
  await site.open().scan(ctx);
  const told = ctx.events.filter((event) => event.type === "scan-progress");
  expect(told.at(-1)).toEqual({ type: "scan-progress", files: 600, bytes: expect.any(Number) });
  expect(told.length).toBeGreaterThan(10);
  expect(told.length).toBeLessThan(400);
});

test("a source that does not exist, or is a file, is told apart from an empty one", async () => {
  using site = scratchSite({ file: "" });
  const missing = site.open({ root: site.at("no such directory") });
  await expect(missing.scan(testCtx())).rejects.toMatchObject({
    kind: "config",
    code: "source-missing",
    message: expect.stringContaining("does not exist"),
  });
  await expect(site.open({ root: site.at("file") }).scan(testCtx())).rejects.toMatchObject({
    code: "source-missing",
    message: expect.stringContaining("is not a directory"),
  });
});
