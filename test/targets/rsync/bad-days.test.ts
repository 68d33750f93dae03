import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import type { SshLine } from "../../../src/targets/ssh/ssh-line.ts";
import { expectContent } from "../../contract/expect-content.ts";
import { startFlakyProxy } from "../../doubles/flaky-proxy.ts";
import { bytes, failingBody, slowBody, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { mountSmallDisk } from "../../servers/small-disk.ts";
import { openLine } from "../ssh-lines.ts";
import { ownerOf, processesOfGroup, processesWith } from "./processes.ts";
import { commandOf, landed, type SendStage, scratchDir, send, sendStage, staged } from "./stage.ts";

const AWKWARD = [
  "日本語/ページ 一.html",
  'it\'s "quoted" $(touch oops) `id`.html',
  "line\nbreak\tand\rmore.html",
  "--delete",
  "-e sh",
  ":(colon) *?[x].html",
  "e\u0301\u00e9.html",
];

test("no name of the site ever reaches rsync or a shell", async () => {
  const log = join(scratchDir(), "log");
  commandOf(
    "rsync",
    `[ "$1" = --version ] && exec /usr/bin/rsync "$@"; printf '%s\\n' "$@" >>${log}; tee -a ${log} | /usr/bin/rsync "$@"`,
  );
  const stage = await sendStage();
  const files = AWKWARD.map((path, i) => staged(path, bytes(2_000, i)));
  const { done, error } = await send(stage, files);
  expect({ done: done.toSorted(), error }).toEqual({ done: AWKWARD.toSorted(), error: undefined });
  const seen = readFileSync(log, "utf8");
  for (const { file, id } of files) {
    expect(seen).not.toContain(file.path);
    expect(seen).toContain(id);
  }
  expect(readdirSync(stage.server.home)).not.toContain("oops");
});

test("one whose body fails is left out, and the others arrive", async () => {
  const stage = await sendStage();
  const bad = { ...staged("b.html", bytes(5_000)), body: failingBody(bytes(100), new Error("source changed")) };
  const large = { ...staged("c.bin", bytes(500_000)), body: failingBody(bytes(400_000), new Error("source changed")) };
  const { done, failed, error } = await send(stage, [staged("a.html", bytes(5_000)), bad, large]);
  expect({ done, failed: failed.toSorted(), error }).toEqual({
    done: ["a.html"],
    failed: ["b.html", "c.bin"],
    error: undefined,
  });
  expect(landed(stage, bad)).toBeUndefined();
});

test("when no file can be sent rsync is not started", async () => {
  const stage = await sendStage({ rsync: "none" });
  const bad = { ...staged("b.html", bytes(5_000)), body: failingBody(bytes(100), new Error("source changed")) };
  expect(await send(stage, [bad])).toMatchObject({ failed: ["b.html"], error: undefined });
});

test("a transfer that is cut off goes on where it stopped", async () => {
  const stage = await sendStage();
  await using proxy = await startFlakyProxy(stage.server, {
    fault: ({ index }) => (index === 0 ? { kind: "cut", afterBytes: 8_000_000 } : undefined),
  });
  await using line = await openLine(stage.server, { host: proxy.host });
  const file = staged("大きい.bin", bytes(12_000_000));
  const cut = await send({ ...stage, line }, [file]);
  expect(cut).toMatchObject({ done: [], error: { kind: "transient", code: "connection-lost" } });
  await vi.waitFor(() => expect(landed(stage, file)?.length).toBeGreaterThan(4_000_000), 5_000);
  const passed = { bytes: 0 };
  const rest = await send({ ...stage, line: counting(line, passed) }, [file]);
  expect(rest).toMatchObject({ done: ["大きい.bin"], error: undefined });
  expect(passed.bytes).toBeLessThan(8_000_000);
  expectContent(landed(stage, file), bytes(12_000_000));
});

test("an rsync that is killed on the server is started again by the next attempt", async () => {
  const stage = await sendStage();
  const content = bytes(2_000_000);
  const files = [staged("a.bin", bytes(1_000)), { ...staged("slow.bin", content), body: slowBody(content, 2_000) }];
  const sending = send(stage, files);
  await vi.waitFor(() => expect(stage.server.kill(/^rsync --server/)).toBeGreaterThan(0), 3_000);
  const killed = await sending;
  expect(killed.error).toMatchObject({ kind: "transient", hint: expect.stringContaining("again") });
  expect(await send(stage, [staged("slow.bin", content)])).toMatchObject({ done: ["slow.bin"], error: undefined });
});

test("a full disk on the server is told as such", async () => {
  await using disk = await mountSmallDisk(2);
  const stage = await sendStage({ home: disk.path });
  const { done, error } = await send(stage, [staged("a.html", bytes(1_000)), staged("large.bin", bytes(4_000_000))]);
  expect(error).toMatchObject({ kind: "config", code: "disk-full", hint: expect.stringContaining("free space") });
  expect(done).toEqual([]);
});

test("a folder that may not be written to is told as such", async () => {
  const stage = await sendStage();
  const dir = join(stage.server.scratch, "closed");
  mkdirSync(dir, { mode: 0o755 });
  const { error } = await send({ ...stage, dir }, [staged("a.html", bytes(1_000))]);
  expect(error).toMatchObject({ kind: "config", code: "permission-denied" });
});

test("a shell that prints a banner is named as the cause", async () => {
  const stage = await sendStage({ shellBanner: "Welcome to web1! ようこそ" });
  const { error } = await send(stage, [staged("a.html", bytes(1_000))]);
  expect(error).toMatchObject({ kind: "config", code: "shell-writes-text", hint: expect.stringContaining(".bashrc") });
});

test("a server without rsync, and one where it lies elsewhere", async () => {
  const stage = await sendStage({ rsync: "none" });
  const files = [staged("a.html", bytes(1_000))];
  const { error } = await send(stage, files);
  expect(error).toMatchObject({ kind: "config", code: "rsync-missing", hint: expect.stringContaining("rsyncPath") });
  expect(error).toHaveProperty("message", expect.stringContaining("no rsync on deploy@127.0.0.1"));
  const rsyncPath = "/usr/bin/rsync";
  expect(await send(stage, files, { rsyncPath })).toMatchObject({ done: ["a.html"], error: undefined });
});

test("a machine without rsync, and one with an rsync that lacks too much", async () => {
  const stage = await sendStage();
  const files = [staged("a.html", bytes(1_000))];
  commandOf("rsync", "echo 'openrsync: protocol version 29'; echo 'rsync version 2.6.9 compatible'");
  expect((await send(stage, files)).error).toMatchObject({
    code: "rsync-too-old",
    message: expect.stringContaining("openrsync"),
    hint: expect.stringContaining("brew install rsync"),
  });
  vi.stubEnv("PATH", scratchDir());
  expect((await send(stage, files)).error).toMatchObject({ code: "rsync-missing" });
});

test("stopping ends it within a second and leaves no process and no copies", async () => {
  const stage = await sendStage();
  const stop = new AbortController();
  const content = bytes(1_000_000);
  const files = [staged("a.html", bytes(1_000)), { ...staged("b.bin", content), body: stalledBody(content) }];
  const sending = send(stage, files, {}, testCtx({ signal: stop.signal }));
  const group = await rsyncAtWork(stage);
  const startedAt = performance.now();
  stop.abort();
  expect((await sending).error).toMatchObject({ kind: "aborted" });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  await vi.waitFor(() => expect(processesOfGroup(group)).toEqual([]), 1_000);
  expect(spoolsOf(process.pid)).toEqual([]);
});

test("a process that is killed takes its rsync with it, and its copies go with the next delivery", async () => {
  const stage = await sendStage();
  const child = spawn(process.execPath, [fileURLToPath(new URL("send-for-ever.ts", import.meta.url))], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(JSON.stringify({ server: stage.server, dir: stage.dir, spools: stage.spools }));
  const group = await rsyncAtWork(stage);
  const { pid = 0 } = child;
  expect(spoolsOf(pid)).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await vi.waitFor(() => expect(processesOfGroup(group)).toEqual([]), 3_000);
  expect(await send(stage, [staged("a.html", bytes(1_000))])).toMatchObject({ done: ["a.html"], error: undefined });
  expect(spoolsOf(pid)).toEqual([]);
});

/** The same line, with what goes to the server through its channels counted. */
function counting(line: SshLine, passed: { bytes: number }): SshLine {
  return {
    ...line,
    async exec(command, ctx) {
      const channel = await line.exec(command, ctx);
      return channel.on("pipe", (from: Readable) =>
        from.on("data", (chunk: Buffer) => {
          passed.bytes += chunk.length;
        }),
      );
    },
  };
}

/** The process group of the rsync that sends to the stage, once the server's has been started too. */
async function rsyncAtWork({ dir, server }: SendStage): Promise<number> {
  return vi.waitFor(() => {
    const [pid] = processesWith(`server:${dir}`);
    if (pid === undefined || !processesWith("rsync --server").some((there) => ownerOf(there) === server.uid)) {
      throw new Error("no rsync is at work");
    }
    return pid;
  }, 10_000);
}

/** The copies of a process that lie where small ones do. */
function spoolsOf(pid: number): string[] {
  return readdirSync("/dev/shm").filter((name) => name.includes(`_${pid}_`));
}
