import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes } from "../doubles/site-file.ts";
import { ACCOUNT, type FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { ftpsSetting } from "./ftps-setting.ts";
import { eventsOf, makeWorkspace, type RunningCli, treeOf, untilTold, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
});
afterEach(() => workspace[Symbol.dispose]());

function publishPages(count: number): void {
  for (let n = 0; n < count; n++) {
    workspace.publish({ [`記事/${n % 5}/page ${n}.html`]: `<h1>${n}</h1>`, [`assets/${n}.css`]: bytes(2_000, n) });
  }
}

async function push(code: number, ...args: string[]) {
  const result = await workspace.run(["push", "--yes", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(code);
  return result;
}

/** Every file the server shows is one of the source's, whole. */
function expectWholeFiles(server: FtpServer): number {
  const source = treeOf(workspace.source);
  const shown = Object.entries(treeOf(server.root)).filter(([path]) => !path.endsWith(".tmp"));
  for (const [path, content] of shown) expect(content === source[path], `${path} is whole`).toBe(true);
  return shown.length;
}

const untilPut = (running: RunningCli, count: number) => untilTold(running, "file-put", count);

describe("a stop", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends a delivery within seconds, with whole files; the next run sends only what is missing",
    async (signal) => {
      await using server = await startPureFtpd();
      await using proxy = await startFlakyProxy(server, { latencyMs: 10 });
      workspace.configure({ web1: ftpsSetting(server, { host: proxy.host }) });
      publishPages(60);
      const running = workspace.start(["push", "--yes", "--json"]);
      await untilPut(running, 20);
      const askedAt = performance.now();
      running.child.kill(signal);
      const stopped = await running.ended;
      expect(performance.now() - askedAt).toBeLessThan(6_000);
      expect(stopped.code, stopped.stdout + stopped.stderr).toBe(130);
      const sent = eventsOf(stopped).filter(({ type }) => type === "file-put").length;
      expect(sent).toBeGreaterThanOrEqual(20);
      expect(sent).toBeLessThan(120);
      expectWholeFiles(server);

      const done = eventsOf(await push(0, "--json")).at(-1);
      expect(done).toMatchObject({ outcome: "done", targets: [{ uploaded: expect.any(Number) }] });
      const { uploaded = 0 } = (done?.targets as { uploaded?: number }[] | undefined)?.[0] ?? {};
      // Four connections: so many files may have become whole without their reply being read.
      expect(uploaded).toBeLessThanOrEqual(120 - sent);
      expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
    },
  );

  test("after kill -9 in mid-run, what the last checkpoint recorded is not sent again", async () => {
    await using server = await startPureFtpd();
    await using proxy = await startFlakyProxy(server, { latencyMs: 15 });
    workspace.configure({ web1: ftpsSetting(server, { host: proxy.host, connections: 2 }) });
    publishPages(60);
    const running = workspace.start(["push", "--yes", "--json"]);
    await untilPut(running, 5);
    await delay(3_000);
    running.child.kill("SIGKILL");
    await running.ended;
    const plan = eventsOf(await push(0, "--json")).find(({ type }) => type === "planned")?.plan;
    expect((plan as { totals: { unchanged: number } }).totals.unchanged).toBeGreaterThan(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });
});

describe("a bad line", () => {
  test.each(["cut", "reset"] as const)(
    "connections that are %s are replaced and the files sent again",
    async (kind) => {
      await using server = await startPureFtpd();
      let left = 12;
      await using proxy = await startFlakyProxy(server, {
        fault: ({ channel, index }) =>
          index % 5 === 3 && left-- > 0 ? { kind, afterBytes: channel === "data" ? 900 : 6_000 } : undefined,
      });
      workspace.configure({ web1: ftpsSetting(server, { host: proxy.host }) });
      publishPages(40);
      const result = await push(0, "--json");
      expect(proxy.fired[kind]).toBeGreaterThanOrEqual(5);
      expect(eventsOf(result).some(({ type }) => type === "retry")).toBe(true);
      expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
    },
  );

  test("a connection that stalls is given up after the timeout and the file sent again", async () => {
    await using server = await startProftpd();
    await using proxy = await startFlakyProxy(server, {
      fault: ({ channel, index }) =>
        channel === "data" && index === 6 ? { kind: "stall", afterBytes: 500 } : undefined,
    });
    workspace.configure({ web1: ftpsSetting(server, { host: proxy.host, timeout: 2 }) });
    publishPages(20);
    await push(0);
    expect(proxy.fired.stall).toBe(1);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("a line that is dead for good fails the run in bounded time, and the next one converges", async () => {
    await using server = await startPureFtpd();
    await using proxy = await startFlakyProxy(server, { latencyMs: 5 });
    workspace.configure({ web1: ftpsSetting(server, { host: proxy.host, timeout: 2 }) });
    publishPages(60);
    const running = workspace.start(["push", "--yes", "--json"]);
    await untilPut(running, 15);
    proxy.setFault(() => ({ kind: "reset", afterBytes: 0 }));
    proxy.breakAll("reset");
    const failed = await running.ended;
    expect(failed.code, failed.stdout + failed.stderr).toBe(1);
    expectWholeFiles(server);
    proxy.setFault(undefined);
    await push(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  }, 180_000);
});

describe("a wrong or tired server", () => {
  test("a wrong password is said so, and appears nowhere", async () => {
    await using server = await startVsftpd();
    workspace.configure({ web1: ftpsSetting(server, { password: "wrong-horse-battery" }) });
    publishPages(1);
    for (const args of [["push", "--yes", "--json"], ["push", "--yes", "--verbose"], ["plan"], ["doctor"], ["show"]]) {
      const { stdout, stderr } = await workspace.run(args);
      expect(stdout + stderr).not.toContain("wrong-horse-battery");
      if (args[0] === "push") expect(stdout + stderr).toMatch(/password|login/i);
    }
    expect(treeOf(server.root)).toEqual({});
  });

  test("an expired certificate is refused, with its fingerprint, before the password is sent", async () => {
    await using server = await startProftpd({ certificate: "expired" });
    workspace.configure({ web1: ftpsSetting(server) });
    publishPages(1);
    const { stdout, stderr } = await push(1);
    expect(stdout + stderr).toMatch(/expired/);
    expect(stdout + stderr).toContain(server.certificate?.fingerprint);
    expect(server.log()).not.toMatch(/PASS|USER/);
  });

  test("a full disk fails the run with whole files only; with room again the next run converges", async () => {
    await using disk = await mountSmallDisk(2);
    const home = join(disk.path, "home");
    mkdirSync(home);
    chownSync(home, ACCOUNT.uid, ACCOUNT.gid);
    await using server = await startPureFtpd({ home });
    workspace.configure({ web1: ftpsSetting(server) });
    publishPages(10);
    workspace.publish({ "assets/大きい.bin": bytes(3_000_000) });
    const { stdout, stderr } = await push(1);
    expect(stdout + stderr).toMatch(/大きい\.bin[\s\S]*free space/);
    expectWholeFiles(server);
    workspace.publish({ "assets/大きい.bin": bytes(300_000) });
    await push(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("a read-only directory is named, no deletion is made, and once it is writable the next run converges", async () => {
    await using server = await startVsftpd();
    workspace.configure({ web1: ftpsSetting(server) });
    publishPages(10);
    await push(0);
    workspace.publish({ "記事/0/new.html": "new", "assets/1.css": null });
    chmodSync(join(server.root, "記事/0"), 0o555);
    const { stdout, stderr } = await push(1);
    expect(stdout + stderr).toContain("記事/0");
    expect(existsSync(join(server.root, "assets/1.css"))).toBe(true);
    chmodSync(join(server.root, "記事/0"), 0o755);
    await push(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("of two pushes at once one delivers and the other says who is at work", async () => {
    await using server = await startPureFtpd();
    await using proxy = await startFlakyProxy(server, { latencyMs: 10 });
    workspace.configure({ web1: ftpsSetting(server, { host: proxy.host }) });
    publishPages(60);
    const first = workspace.start(["push", "--yes", "--json"]);
    await untilPut(first, 3);
    const second = await workspace.run(["push", "--yes"]);
    expect(second.code, second.stdout + second.stderr).toBe(5);
    expect(second.stdout + second.stderr).toMatch(/another delivery is at work: push by .+@.+ since/);
    expect((await first.ended).code).toBe(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("a file that is replaced while it is sent is delivered as it is in the end", async () => {
    await using server = await startPureFtpd();
    await using proxy = await startFlakyProxy(server, { latencyMs: 10 });
    workspace.configure({ web1: ftpsSetting(server, { host: proxy.host }) });
    publishPages(60);
    const running = workspace.start(["push", "--yes", "--json"]);
    await untilPut(running, 3);
    for (let n = 0; n < 60; n++) writeFileSync(join(workspace.source, `記事/${n % 5}/page ${n}.html`), `rebuilt ${n}`);
    const result = await running.ended;
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(eventsOf(result).filter(({ type }) => type === "file-replanned").length).toBeGreaterThan(0);
    expectWholeFiles(server);
    await push(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });
});
