import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { relPath, sha256 } from "../core/snapshots.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { laterClock, memoryCache, scratchSite } from "./scratch-site.ts";

const quick = () => testCtx({ clock: { now: () => Date.now(), sleep: async () => {} } });
const REWRITE = { cmsUrl: "https://cms.example.jp/", files: ["*.html"] };

test("a file is looked at again past the cache", async () => {
  using site = scratchSite({ "ガイド.html": "old" });
  const source = site.open({ cache: memoryCache() });
  await source.scan(testCtx({ clock: laterClock }));
  site.write("ガイド.html", "new");
  expect(await source.rescan(relPath("ガイド.html"), quick())).toMatchObject({ size: 3, sha256: sha256("new") });
});

test("a file that is gone, or is none of the site's any more, is undefined", async () => {
  using site = scratchSite({ "gone.html": "", "became/dir.html": "", "x.bak": "", "led-out.html": "" });
  const source = site.open({ exclude: ["*.bak"] });
  await source.scan(testCtx());
  rmSync(site.at("gone.html"));
  rmSync(site.at("became/dir.html"));
  mkdirSync(site.at("became/dir.html"));
  rmSync(site.at("led-out.html"));
  symlinkSync("/etc/hostname", site.at("led-out.html"));
  for (const path of ["gone.html", "became/dir.html", "x.bak", "led-out.html", "gone.html/below"]) {
    expect(await source.rescan(relPath(path), quick()), path).toBeUndefined();
  }
});

test("size and hash are of the delivered bytes, which are what open gives", async () => {
  const page = '<a href="https://cms.example.jp/ニュース/">ニュース</a>'.repeat(20_000);
  using site = scratchSite({ "page.html": page, "kept.css": "a{background:url(https://cms.example.jp/a.png)}" });
  const source = site.open({ rewrite: REWRITE });
  const { snapshot } = await source.scan(testCtx());
  for (const file of snapshot.files.values()) {
    const delivered = await buffer(source.open(file.path));
    expect([delivered.byteLength, sha256(delivered.toString())]).toEqual([file.size, file.sha256]);
    expect(await source.rescan(file.path, testCtx())).toEqual(file);
  }
  expect((await buffer(source.open(relPath("page.html")))).toString()).toBe(
    page.replaceAll("https://cms.example.jp", ""),
  );
  expect((await buffer(source.open(relPath("kept.css")))).toString()).toContain("https://cms.example.jp/a.png");
});

test("the delivered size is remembered, not the size on disk", async () => {
  using site = scratchSite({ "page.html": '<a href="https://cms.example.jp/a">' });
  const cache = memoryCache();
  const scan = () => site.open({ cache, rewrite: REWRITE }).scan(testCtx({ clock: laterClock }));
  const first = await scan();
  const second = await scan();
  expect([first.hashed, second.hashed]).toEqual([1, 0]);
  expect(second.snapshot).toEqual(first.snapshot);
  expect([...second.snapshot.files.values()][0]?.size).toBe('<a href="/a">'.length);
});

test("files of every size around the length of a chunk are given whole, fresh on every call", async () => {
  using site = scratchSite();
  const source = site.open();
  for (const length of [0, 1, 262_143, 262_144, 262_145, 1_048_576]) {
    const content = Buffer.alloc(length, "日本語").toString("latin1");
    site.write("f.bin", Buffer.from(content, "latin1"));
    for (const _ of [1, 2]) expect((await buffer(source.open(relPath("f.bin")))).toString("latin1")).toBe(content);
  }
});

test("a small file comes in one chunk", async () => {
  using site = scratchSite({ "a.html": "x".repeat(100_000) });
  const chunks = await Array.fromAsync(site.open().open(relPath("a.html")));
  expect(chunks).toHaveLength(1);
});

test("a file that shrank, is gone, or has become a pipe when it is opened ends the stream as it is, without hanging", async () => {
  using site = scratchSite({ "a.bin": "x".repeat(600_000) });
  const source = site.open();
  const stream = source.open(relPath("a.bin"));
  truncateSync(site.at("a.bin"), 10);
  expect((await buffer(stream)).byteLength).toBe(10);
  appendFileSync(site.at("a.bin"), "more");
  rmSync(site.at("a.bin"));
  await expect(buffer(source.open(relPath("a.bin")))).rejects.toMatchObject({ code: "ENOENT" });
  execFileSync("mkfifo", [site.at("a.bin")]);
  expect((await buffer(source.open(relPath("a.bin")))).byteLength).toBe(0);
  expect(await source.rescan(relPath("a.bin"), quick())).toBeUndefined();
});
