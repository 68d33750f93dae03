import { chownSync } from "node:fs";
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Target } from "../../src/targets/target.ts";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bodyOf, bytes, metaOf, relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../servers/sshd.ts";
import { BARE, openOn } from "./sftp-server.ts";

const ctx = testCtx();

async function start(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await startSshd(options);
  onTestFinished(() => server.stop());
  return server;
}

async function open(server: SshServer, more: object = {}): Promise<Target> {
  const target = await openOn(server, more);
  onTestFinished(() => target[Symbol.asyncDispose]());
  return target;
}

function put(target: Target, path: string, content: Uint8Array): Promise<unknown> {
  return target.put(metaOf(path, content), bodyOf(content), ctx);
}

test("a directory that is a link out of the document root is neither written into nor deleted from", async () => {
  const server = await start();
  const outside = join(server.home, "private");
  await mkdir(join(outside, "deep"), { recursive: true });
  await writeFile(join(outside, "deep", "1.html"), "秘密");
  for (const path of [outside, join(outside, "deep")]) chownSync(path, server.uid, server.uid);
  await symlink(outside, join(server.root, "お知らせ"));
  const target = await open(server);
  const refused = { kind: "conflict", code: "symlink-in-target" };
  await expect(put(target, "お知らせ/1.html", bytes(10))).rejects.toMatchObject(refused);
  await expect(put(target, "お知らせ/deep/1.html", bytes(10))).rejects.toMatchObject(refused);
  await expect(put(target, "お知らせ/new/1.html", bytes(10))).rejects.toMatchObject(refused);
  await expect(target.makeDirs(["お知らせ/made"], ctx)).rejects.toMatchObject(refused);
  await expect(target.remove([relPath("お知らせ/deep/1.html")], ctx)).rejects.toMatchObject(refused);
  await expect(target.removeDirs(["お知らせ/deep"], ctx)).rejects.toMatchObject(refused);
  await expect(target.get(relPath("お知らせ/deep/1.html"), ctx)).rejects.toMatchObject(refused);
  expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
  expect((await readdir(outside, { recursive: true })).sort()).toEqual(["deep", "deep/1.html"]);
});

test("a stage refuses to publish through a link out of the document root that is planted meanwhile", async () => {
  const server = await start();
  const outside = join(server.home, "private");
  await mkdir(outside);
  chownSync(outside, server.uid, server.uid);
  const target = await open(server);
  await using stage = await target.stage?.("run-1", ctx);
  const content = bytes(10);
  const file = metaOf("news/1.html", content);
  await stage?.put(file, bodyOf(content), ctx);
  const changes = [{ kind: "put", file, reason: "new" } as const];
  await stage?.prepare({ phases: [{ name: "pages", changes }], missingDirs: ["news"], emptied: [] }, ctx);
  await symlink(outside, join(server.root, "news"));
  await expect(stage?.publish(ctx, () => {})).rejects.toMatchObject({ code: "symlink-in-target" });
  expect(await readdir(outside)).toEqual([]);
});

test("a link planted in the place of a file is replaced itself, and so is one in the place of its temporary file", async () => {
  const server = await start();
  const victim = join(server.home, "victim");
  await writeFile(victim, "元のまま");
  const target = await open(server);
  await symlink(victim, join(server.root, "page.html"));
  await put(target, "page.html", bytes(100));
  expect((await readFile(join(server.root, "page.html"))).length).toBe(100);
  expect(await readFile(victim, "utf8")).toBe("元のまま");
  await symlink(victim, join(server.root, "gone.html"));
  await target.remove([relPath("gone.html")], ctx);
  expect(await readFile(victim, "utf8")).toBe("元のまま");
});

test("the document root itself may be a link", async () => {
  const server = await start();
  await symlink(server.root, join(server.home, "www", "current"));
  const target = await open(server, { path: join(server.home, "www", "current") });
  await put(target, "a/b.html", bytes(10));
  expect((await stat(join(server.root, "a/b.html"))).size).toBe(10);
  expect((await Array.fromAsync(target.list("", ctx))).map(({ path }) => path)).toEqual(["a/b.html"]);
  await target.remove([relPath("a/b.html")], ctx);
  expect(await readlink(join(server.home, "www", "current"))).toBe(server.root);
});

test("names that are no UTF-8 are left out of a list, and those beside them are not", async () => {
  const server = await start();
  const raw = (name: string) => Buffer.concat([Buffer.from(`${server.root}/`), Buffer.from(name, "latin1")]);
  for (const name of ["caf\xe9.html", "caf\xe8.html"]) await writeFile(raw(name), "x");
  await writeFile(join(server.root, "caf\uFFFD.html"), "本物");
  await writeFile(join(server.root, "café.html"), "本物");
  const target = await open(server);
  const listed = (await Array.fromAsync(target.list("", ctx))).map(({ path, size }) => `${path} ${size}`);
  expect(listed.sort()).toEqual(["café.html 6", "caf\uFFFD.html 6"].sort());
});

for (const [name, options] of [
  ["with extensions", {}],
  ["without extensions", BARE],
] as const) {
  test(`on a full disk nothing is lost and nothing half is seen, on a server ${name}`, async () => {
    await using disk = await mountSmallDisk(4);
    const server = await start({ ...options, home: disk.path });
    const target = await open(server);
    const before = bytes(500_000, 1);
    await put(target, "big.bin", before);
    await put(target, "small.html", bytes(100, 2));
    // Without statvfs nobody knows why a server fails.
    const code = options === BARE ? "sftp-failure" : "disk-full";
    await expect(put(target, "big.bin", bytes(8_000_000, 3))).rejects.toMatchObject({ kind: "config", code });
    expect(Buffer.compare(await target.get(relPath("big.bin"), ctx), before)).toBe(0);
    expect((await readdir(server.root)).sort()).toEqual(["big.bin", "small.html"]);
    await put(target, "after.html", bytes(1000));
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => put(target, `many/${i}.bin`, bytes(300_000, i))),
    );
    for (const [i, { status }] of results.entries()) {
      const found = await stat(join(server.root, `many/${i}.bin`)).catch(() => undefined);
      expect(found?.size).toBe(status === "fulfilled" ? 300_000 : undefined);
    }
    expect(results.some(({ status }) => status === "rejected")).toBe(true);
  });
}

test("a state folder on another file system is found out before anything is published", async () => {
  await using disk = await mountSmallDisk(4);
  const server = await start();
  chownSync(disk.path, server.uid, server.uid);
  const target = await open(server, { statePath: `${disk.path}/state` });
  await using stage = await target.stage?.("run-1", ctx);
  const content = bytes(10);
  const file = metaOf("1.html", content);
  await stage?.put(file, bodyOf(content), ctx);
  const changes = [{ kind: "put", file, reason: "new" } as const];
  const prepared = stage?.prepare({ phases: [{ name: "pages", changes }], missingDirs: [], emptied: [] }, ctx);
  await expect(prepared).rejects.toMatchObject({ kind: "config", code: "state-elsewhere" });
  expect(await readdir(server.root)).toEqual([]);
});

test("state beside a document root that may not be written to says what to set", async () => {
  const server = await start();
  const shut = join(server.home, "www");
  chownSync(shut, 0, 0);
  const target = await open(server);
  await put(target, "index.html", bytes(10));
  for (const call of [() => target.state.takeLock(bytes(5), ctx), () => target.state.write("m", bytes(5), ctx)]) {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    if (!(error instanceof SmartsyncError)) throw new Error("it may not be written there");
    expect(error).toMatchObject({ kind: "config", code: "permission-denied" });
    expect(error.hint).toContain(`statePath: ${server.path}/.smartsync`);
  }
  const inside = await open(server, { statePath: `${server.path}/.smartsync` });
  expect(await inside.state.takeLock(bytes(5), ctx)).toBe(true);
  expect(inside.state.webPath).toBe(".smartsync");
  expect(await readFile(join(server.root, ".smartsync/.htaccess"), "utf8")).toContain("Require all denied");
  expect((await Array.fromAsync(inside.list("", ctx))).map(({ path }) => path)).toEqual(["index.html"]);
});

test("a connection that is cut at any byte fails as transient, and the same calls then succeed", async () => {
  const server = await start();
  await using proxy = await startFlakyProxy({ port: server.port, passive: { first: 1, last: 0 } });
  // Too much to be through before the latest cut: one that fell on the looks below would fail those instead.
  const contents = Array.from({ length: 8 }, (_, i) => bytes(600_000, i));
  for (let cut = 0; cut < 12; cut++) {
    const target = await open({ ...server, host: proxy.host });
    await target.state.write("m", bytes(100), ctx);
    const before = proxy.fired.cut + proxy.fired.reset;
    setTimeout(() => proxy.breakAll(cut % 2 ? "cut" : "reset"), cut);
    const all = () => contents.map((content, i) => put(target, `切断/${i}.html`, content));
    const results = await Promise.allSettled([...all(), target.state.write("m", bytes(200), ctx)]);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ kind: "transient" });
    }
    for (const [i, content] of contents.entries()) {
      const found = await readFile(join(server.root, `切断/${i}.html`)).catch(() => undefined);
      if (found) expect(Buffer.compare(found, content)).toBe(0);
    }
    expect([100, 200]).toContain((await target.state.read("m", ctx))?.length);
    await Promise.all(all());
    for (const [i, content] of contents.entries()) {
      expect(Buffer.compare(await readFile(join(server.root, `切断/${i}.html`)), content)).toBe(0);
    }
    await target.sweep(
      contents.map((_, i) => relPath(`切断/${i}.html`)),
      ctx,
    );
    await target.remove(
      contents.map((_, i) => relPath(`切断/${i}.html`)),
      ctx,
    );
    expect(await readdir(join(server.root, "切断"))).toEqual([]);
    expect(proxy.fired.cut + proxy.fired.reset).toBeGreaterThan(before);
  }
});

test("whatever waits for a server that has gone silent is stopped within a second", async () => {
  const server = await start();
  await using proxy = await startFlakyProxy({ port: server.port, passive: { first: 1, last: 0 } });
  const target = await open({ ...server, host: proxy.host });
  await put(target, "a.html", bytes(10));
  await using stage = await target.stage?.("run-1", ctx);
  proxy.breakAll("stall");
  const stop = new AbortController();
  const stopped = testCtx({ signal: stop.signal });
  const big = bytes(9_000_000);
  const calls = [
    target.put(metaOf("a.html", bytes(10)), bodyOf(bytes(10)), stopped),
    target.put(metaOf("big.bin", big), bodyOf(big), stopped),
    stage?.put(metaOf("b.html", big), bodyOf(big), stopped),
    target.get(relPath("a.html"), stopped),
    target.remove([relPath("a.html")], stopped),
    Array.fromAsync(target.list("", stopped)),
    target.state.read("m", stopped),
    target.state.write("m", bytes(10), stopped),
  ];
  const failed = Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ kind: "aborted" })));
  setTimeout(() => stop.abort(), 200);
  const started = performance.now();
  await failed;
  expect(performance.now() - started).toBeLessThan(1_200);
});
