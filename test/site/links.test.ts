import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ScanResult } from "../../src/site/source.ts";
import { sha256 } from "../core/snapshots.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { scratchSite } from "./scratch-site.ts";

const pathsOf = ({ snapshot }: ScanResult): string[] => [...snapshot.files.keys()];
const problemsOf = ({ problems }: ScanResult) =>
  problems.map(({ path, problem, detail, policy }) => [path, problem, detail, policy]);

test("a link inside the site is delivered as what it leads to, under its own path", async () => {
  using site = scratchSite({ "2026/index.html": "今年", "2026/a/b.html": "b" });
  symlinkSync("2026/index.html", site.at("index.html"));
  symlinkSync(site.at("2026"), site.at("latest"));
  const source = site.open();
  const result = await source.scan(testCtx());
  expect(pathsOf(result)).toEqual([
    "2026/a/b.html",
    "2026/index.html",
    "index.html",
    "latest/a/b.html",
    "latest/index.html",
  ]);
  expect(problemsOf(result)).toEqual([]);
  for (const file of result.snapshot.files.values()) {
    expect(file.sha256).toBe(sha256(readFileSync(site.at(file.path), "utf8")));
    expect(await source.rescan(file.path, testCtx())).toEqual(file);
  }
});

test("links that go round in circles are reported, and the walk ends", async () => {
  using site = scratchSite({ "a/file.html": "", "b/file.html": "" });
  symlinkSync("self", site.at("self"));
  symlinkSync("..", site.at("a/up"));
  symlinkSync(".", site.at("b/here"));
  symlinkSync("../b", site.at("a/to-b"));
  symlinkSync("../a", site.at("b/to-a"));
  const result = await site.open().scan(testCtx());
  expect(pathsOf(result)).toEqual(["a/file.html", "a/to-b/file.html", "b/file.html", "b/to-a/file.html"]);
  expect(problemsOf(result).sort()).toEqual([
    ["a/to-b/here", "symlink-loop", ".", "refuse"],
    ["a/to-b/to-a", "symlink-loop", "../a", "refuse"],
    ["a/up", "symlink-loop", "..", "refuse"],
    ["b/here", "symlink-loop", ".", "refuse"],
    ["b/to-a/to-b", "symlink-loop", "../b", "refuse"],
    ["b/to-a/up", "symlink-loop", "..", "refuse"],
    ["self", "symlink-loop", "self", "refuse"],
  ]);
});

test.each(["refuse", "skip"] as const)("links that lead outside or nowhere follow the policy %s", async (policy) => {
  using site = scratchSite({ "index.html": "" });
  const outside = join(site.root, "../private");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret.txt"), "秘密");
  symlinkSync(outside, site.at("directory"));
  symlinkSync("../private/secret.txt", site.at("file"));
  symlinkSync("../public-not", site.at("neighbour"));
  symlinkSync("none", site.at("nowhere"));
  mkdirSync(join(site.root, "../public-not"));
  const source = site.open({ symlinks: { outside: policy, broken: policy } });
  const result = await source.scan(testCtx());
  expect(pathsOf(result)).toEqual(["index.html"]);
  expect(problemsOf(result)).toEqual(
    [
      ["directory", "symlink-outside", outside, policy],
      ["file", "symlink-outside", "../private/secret.txt", policy],
      ["neighbour", "symlink-outside", "../public-not", policy],
      ["nowhere", "symlink-broken", "none", policy],
    ].sort(),
  );
});

test("a source that is itself a link is followed once, when it is opened", async () => {
  using site = scratchSite({ "releases/1/index.html": "1", "releases/2/index.html": "2" });
  symlinkSync("releases/1", site.at("current"));
  const source = site.open({ root: site.at("current") });
  execFileSync("ln", ["-sfn", "releases/2", site.at("current")]);
  const [file] = (await source.scan(testCtx())).snapshot.files.values();
  expect(file?.sha256).toBe(sha256("1"));
});

test("pipes, sockets and devices are reported, and never opened", async () => {
  using site = scratchSite({ "index.html": "" });
  execFileSync("mkfifo", [site.at("pipe")]);
  symlinkSync("pipe", site.at("link-to-pipe"));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(site.at("socket"), resolve));
  try {
    const result = await site.open({ specialFiles: "skip" }).scan(testCtx());
    expect(pathsOf(result)).toEqual(["index.html"]);
    expect(problemsOf(result).sort()).toEqual([
      ["link-to-pipe", "special-file", "pipe", "skip"],
      ["pipe", "special-file", "a named pipe", "skip"],
      ["socket", "special-file", "a socket", "skip"],
    ]);
  } finally {
    server.close();
  }
});

test("a name that is not UTF-8 is reported with its bytes, beside one that really holds U+FFFD", async () => {
  using site = scratchSite({ "index.html": "", "文字\uFFFD化け.html": "" });
  const shiftJis = Buffer.from([0x83, 0x4b, 0x83, 0x43, 0x83, 0x68]);
  const place = Buffer.from(`${site.root}/`);
  writeFileSync(Buffer.concat([place, shiftJis, Buffer.from(".html")]), "");
  mkdirSync(Buffer.concat([place, Buffer.from("caf\xe9", "latin1")]));
  writeFileSync(Buffer.concat([place, Buffer.from("caf\xe9/menu.html", "latin1")]), "");
  const result = await site.open().scan(testCtx());
  expect(pathsOf(result)).toEqual(["index.html", "文字\uFFFD化け.html"]);
  expect(problemsOf(result).sort()).toEqual([
    ["caf\uFFFD", "undecodable-name", "caf\\xe9", "refuse"],
    ["\uFFFDK\uFFFDC\uFFFDh.html", "undecodable-name", "\\x83K\\x83C\\x83h.html", "refuse"],
  ]);
  const excluding = await site.open({ exclude: ["caf?", "/*K*C*h.html"] }).scan(testCtx());
  expect(problemsOf(excluding)).toEqual([]);
});

test("smartsync's own files are never delivered, by whatever way they are reached", async () => {
  using site = scratchSite({
    "smartsync.yaml": "sites:",
    "var/state/state.db": "",
    ".smartsync/lock": "",
    "deep/.smartsync/x": "",
    "index.html": "",
    "docs/a.html": "",
  });
  symlinkSync("../smartsync.yaml", site.at("docs/config"));
  symlinkSync("var", site.at("also"));
  const reserved = [site.at("smartsync.yaml"), site.at("var/state")];
  const source = site.open({ reserved });
  const result = await source.scan(testCtx());
  expect(pathsOf(result)).toEqual(["docs/a.html", "index.html"]);
  expect(problemsOf(result)).toEqual([
    ["also/state", "symlink-outside", "a file of smartsync's own", "refuse"],
    ["docs/config", "symlink-outside", "../smartsync.yaml", "refuse"],
  ]);
  const left = ["smartsync.yaml", "var/state", "var/state/state.db", ".smartsync/lock", "deep/.smartsync/x"];
  expect(left.filter((path) => !source.isExcluded(path))).toEqual([]);
  expect(["smartsync.yaml.html", "var/states"].filter((path) => source.isExcluded(path))).toEqual([]);
});

test("what is left out is not looked at: excluded links and pipes are no problem", async () => {
  using site = scratchSite({ "index.html": "" });
  symlinkSync("/etc", site.at("etc"));
  symlinkSync("none", site.at("broken"));
  execFileSync("mkfifo", [site.at("pipe")]);
  const result = await site.open({ exclude: ["/etc/", "broken", "pipe"] }).scan(testCtx());
  expect(problemsOf(result)).toEqual([["etc", "symlink-outside", "/etc", "refuse"]]);
  expect(problemsOf(await site.open({ exclude: ["/etc", "broken", "pipe"] }).scan(testCtx()))).toEqual([]);
  expect(problemsOf(await site.open({ include: ["*.html"] }).scan(testCtx()))).toEqual([]);
});
