import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import iconv from "iconv-lite";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isTransient } from "../../src/lib/errors.ts";
import { diskLook } from "../contract/disk-look.ts";
import {
  changedFiles,
  deliverStaged,
  expectedSite,
  openStage,
  outgoing,
  publicationOf,
  siteOf,
  stageChanges,
  visibleSite,
} from "../contract/target/staged-site.ts";
import { type FlakyProxy, startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes, relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { ACCOUNT } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { openOn } from "./ftps-stage.ts";

const ctx = testCtx();
const TRAITS = { atomicReplace: true, mtimes: true, modes: true, temporaryFiles: true, stages: true };
const EMPTY = siteOf({});
const articles = (word: string, from: number, to: number) =>
  Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`記事/${from + i}.html`, `${word} ${from + i}`]));
const BEFORE = siteOf({
  "index.html": outgoing("index.html", "古い", { mtimeMs: Date.UTC(2024, 11, 31, 15, 0, 1), mode: 0o640 }),
  "表示/ソ.css": bytes(120_000),
  "古い/1.html": "消える",
  news: "ファイルだった",
  ...articles("古い", 0, 120),
});
const AFTER = siteOf({
  "index.html": "新しい",
  "表示/ソ.css": bytes(130_000, 2),
  "新着/2026/1.html": "増える",
  "news/1.html": "フォルダになった",
  ...articles("新しい", 40, 160),
});

/** Calls again after each transient failure, as the road does. */
async function stubborn(call: () => Promise<unknown>): Promise<number> {
  for (let failures = 0; ; failures++) {
    try {
      await call();
      return failures;
    } catch (error) {
      if (!isTransient(error) || failures === 30) throw error;
    }
  }
}

/** Breaks every connection so many times, a little later each time, while something is under way. */
async function whileBreaking<T>(proxy: FlakyProxy, work: () => Promise<T>): Promise<T> {
  const timers = [15, 70, 160, 300].map((ms, i) => setTimeout(() => proxy.breakAll(i % 2 ? "cut" : "reset"), ms));
  try {
    return await work();
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

const shiftJis = {
  encode: (name: string) => iconv.encode(name, "shift_jis"),
  decode: (raw: Buffer) => iconv.decode(raw, "shift_jis"),
};

describe.each([
  ["vsftpd", () => startVsftpd({ encoding: "shift_jis" }), { encoding: "shift_jis" }],
  ["ProFTPD", startProftpd, {}],
  ["ProFTPD that never overwrites", () => startProftpd({ allowOverwrite: false }), {}],
  ["Pure-FTPd", startPureFtpd, {}],
] as const)("a stage on %s behind a line that breaks", (_name, start, settings) => {
  async function setUp() {
    const server = await start();
    const proxy = await startFlakyProxy(server, { latencyMs: 3 });
    const behind = { host: proxy.host, port: proxy.port, connections: 4, ...settings };
    const names = "encoding" in settings ? { names: shiftJis } : {};
    const look = diskLook({ root: server.root, stateDir: join(server.home, ".smartsync"), owner: ACCOUNT, ...names });
    const target = await openOn(server, behind);
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    return {
      ...{ server, proxy, target, look },
      async [Symbol.asyncDispose]() {
        await target[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  }

  test("in every step: the delivery is made, and each change told once", async () => {
    await using setup = await setUp();
    const { proxy, target, look } = setup;
    const publication = publicationOf(BEFORE, AFTER, target.caps);
    const told: unknown[] = [];
    {
      await using stage = await openStage(target, ctx);
      await whileBreaking(proxy, async () => {
        for (const { file, body } of changedFiles(BEFORE, AFTER)) await stubborn(() => stage.put(file, body, ctx));
      });
      await whileBreaking(proxy, () => stubborn(() => stage.prepare(publication, ctx)));
      expect(await visibleSite(look, TRAITS)).toEqual(await expectedSite(BEFORE, TRAITS));
      let broken = false;
      const failures = await stubborn(() =>
        stage.publish(ctx, (change) => {
          told.push(change);
          if (!broken) proxy.breakAll("reset");
          broken = true;
        }),
      );
      expect(failures).toBeGreaterThan(0);
    }
    expect(told).toHaveLength(publication.phases.flatMap(({ changes }) => changes).length);
    expect(await visibleSite(look, TRAITS)).toEqual(await expectedSite(AFTER, TRAITS));
    expect(await look.listState()).toEqual([]);
  });

  test("while publishing and again while reverting: everything comes back", async () => {
    await using setup = await setUp();
    const { proxy, target, look } = setup;
    for (const afterChanges of [1, 60, 200]) {
      await using stage = await openStage(target, ctx);
      await stageChanges(stage, BEFORE, AFTER, ctx);
      await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
      let told = 0;
      const publishing = stage.publish(ctx, () => {
        if (++told === afterChanges) proxy.breakAll("cut");
      });
      await publishing.catch((error) => expect(error).toMatchObject({ kind: "transient" }));
      await whileBreaking(proxy, () => stubborn(() => stage.revert(ctx)));
      expect(await visibleSite(look, TRAITS)).toEqual(await expectedSite(BEFORE, TRAITS));
      expect(await look.stat("新着")).toBeUndefined();
    }
    expect(await look.listState()).toEqual([]);
  });
});

describe.each([
  ["vsftpd", startVsftpd],
  ["ProFTPD", startProftpd],
  ["Pure-FTPd", startPureFtpd],
] as const)("a stage on %s", (_name, start) => {
  test("on another file system than the document root is refused before anything changes", async () => {
    await using home = await mountSmallDisk(2);
    mkdirSync(join(home.path, "disk"));
    await using disk = await mountSmallDisk(2, join(home.path, "disk"));
    chownSync(disk.path, ACCOUNT.uid, ACCOUNT.gid);
    await using server = await start({ home: home.path });
    await using target = await openOn(server, { statePath: "/disk/state" });
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, EMPTY, BEFORE, ctx);
    await expect(stage.prepare(publicationOf(EMPTY, BEFORE, target.caps), ctx)).rejects.toMatchObject({
      kind: "config",
      code: "state-elsewhere",
      hint: expect.stringContaining("statePath"),
    });
    expect(readdirSync(server.root)).toEqual([]);
  });

  test("inside the document root is closed to visitors, and not listed as a part of the site", async () => {
    await using server = await start();
    await using target = await openOn(server, { path: "/" });
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, EMPTY, BEFORE, ctx);
    expect(readFileSync(join(server.home, ".smartsync/.htaccess"), "utf8")).toContain("Require all denied");
    expect(existsSync(join(server.home, ".smartsync/.stage"))).toBe(true);
    expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
    await stage.prepare(publicationOf(EMPTY, BEFORE, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect((await Array.fromAsync(target.list("", ctx))).map(({ path }) => path).sort()).toEqual(
      [...BEFORE.keys()].sort(),
    );
  });

  test("keeps a deleted file by renaming it, and gives back the very same", async () => {
    await using server = await start();
    await using target = await openOn(server);
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    const inode = statSync(join(server.root, "古い/1.html")).ino;
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect(existsSync(join(server.root, "古い"))).toBe(false);
    await stage.revert(ctx);
    expect(statSync(join(server.root, "古い/1.html")).ino).toBe(inode);
  });

  test("of thousands of changes puts no more into one directory than servers list", async () => {
    await using server = await start();
    await using target = await openOn(server);
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    const absent = Array.from({ length: 4_100 }, (_, i) => relPath(`記事/昔の${i}.html`));
    const changes = [...absent, relPath("記事/0.html")].map((path) => ({ kind: "delete", path, size: 1 }) as const);
    await using stage = await openStage(target, ctx);
    const publication = { phases: [{ name: "deletions", changes }], missingDirs: [], emptied: [] } as const;
    await stage.prepare(publication, ctx);
    await stage.publish(ctx, () => {});
    expect(existsSync(join(server.root, "記事/0.html"))).toBe(false);
    const kept = readdirSync(join(server.home, ".smartsync/public_html/.stage"), { recursive: true });
    expect(kept.filter((name) => String(name).endsWith(".old"))).toEqual([expect.stringMatching(/^1\/1\//)]);
    await stage.revert(ctx);
    expect(readFileSync(join(server.root, "記事/0.html"), "utf8")).toBe("古い 0");
  });

  test("keeps what will be replaced on this machine, and leaves nothing of it there", async () => {
    await using server = await start();
    const scratch = mkdtempSync(join(tmpdir(), "smartsync-scratch-"));
    vi.stubEnv("TMPDIR", scratch);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(scratch, { recursive: true });
    });
    await using target = await openOn(server);
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    {
      await using stage = await openStage(target, ctx);
      await stageChanges(stage, BEFORE, AFTER, ctx);
      await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
      const [folder = ""] = readdirSync(scratch);
      const replaced = [...AFTER.keys()].filter((path) => BEFORE.has(path));
      expect(readdirSync(join(scratch, folder))).toHaveLength(replaced.length);
    }
    expect(readdirSync(scratch)).toEqual([]);
  });
});
