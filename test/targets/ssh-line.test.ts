import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { SFTPWrapper } from "ssh2";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/targets/ssh/run-command.ts";
import type { SshLine } from "../../src/targets/ssh/ssh-line.ts";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { failure, openLine } from "./ssh-lines.ts";

const ctx = testCtx();
const say = async (line: SshLine, command: string) => (await runCommand(line, command, ctx)).stdout.trim();

/** The names in the user's home, over SFTP. */
async function namesIn(sftp: SFTPWrapper): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  sftp.readdir(".", (error, list) => (error ? reject(error) : resolve(list.map(({ filename }) => filename))));
  return promise;
}

/** What still holds the process up, besides what vitest itself does. */
const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;

let server: SshServer;
beforeAll(async () => {
  server = await startSshd();
});
afterAll(() => server.stop());

describe("a line", () => {
  test("carries SFTP and many commands at once over one connection", async () => {
    const before = server.log().length;
    await using line = await openLine(server);
    const [sftp, again, ...said] = await Promise.all([
      line.sftp(ctx),
      line.sftp(ctx),
      ...Array.from({ length: 6 }, (_, i) => say(line, `echo ${i}`)),
    ]);
    expect(again).toBe(sftp);
    expect(said).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(await namesIn(sftp)).toContain("www");
    expect(
      server
        .log()
        .slice(before)
        .match(/Accepted publickey/g),
    ).toHaveLength(1);
  });

  test("waits a moment for sessions that are not counted off yet, where the server allows few", async () => {
    await using small = await startSshd({ settings: { MaxSessions: 1 } });
    await using line = await openLine(small);
    for (let i = 0; i < 8; i++) expect(await say(line, `echo ${i}`)).toBe(`${i}`);
  });

  test("says so when the server allows no further session", async () => {
    await using small = await startSshd({ settings: { MaxSessions: 1 } });
    await using line = await openLine(small);
    await line.sftp(ctx);
    const error = await failure(line.exec("true", ctx));
    expect(error).toMatchObject({ kind: "config", code: "too-many-channels" });
    expect(error.hint).toContain("MaxSessions");
  });

  test("opens SFTP anew when only its session has ended", async () => {
    await using line = await openLine(server);
    const first = await line.sftp(ctx);
    const closed = new Promise((resolve) => first.once("close", resolve));
    first.end();
    await closed;
    expect(await namesIn(await line.sftp(ctx))).toContain("www");
  });

  test("ends at once when it is disposed of, and leaves nothing open", async () => {
    const before = handles();
    const line = await openLine(server);
    await line.sftp(ctx);
    const running = runCommand(line, "sleep 60", ctx).catch((error: unknown) => error);
    await delay(50);
    const start = performance.now();
    await line[Symbol.asyncDispose]();
    await running;
    expect(performance.now() - start).toBeLessThan(1_000);
    await delay(50);
    expect(handles()).toBeLessThanOrEqual(before);
    expect(await failure(line.sftp(ctx))).toMatchObject({ kind: "aborted" });
  });
});

test("a line lives on when the server wants new keys every megabyte, and asks nobody again", async () => {
  await using fussy = await startSshd({ settings: { RekeyLimit: "1M" } });
  const confirm = vi.fn(async () => true);
  await using line = await openLine(fussy, { knownHosts: join(fussy.scratch, "known_hosts") }, ctx, { confirm });
  const channel = await line.exec("cat", ctx);
  const sent = bytes(12_000_000);
  channel.end(sent);
  expect(Buffer.compare(await buffer(channel), sent)).toBe(0);
  expect(confirm).toHaveBeenCalledOnce();
});

describe("jump hosts", () => {
  test("are gone through, each one's key checked and logged in to", async () => {
    await using gate = await startSshd();
    await using inner = await startSshd();
    const known = join(server.scratch, "known-hosts-of-all");
    writeFileSync(known, [gate, inner, server].map(({ knownHosts }) => readFileSync(knownHosts, "utf8")).join(""));
    const jump = [gate, inner].map(({ user, port }) => `${user}@127.0.0.1:${port}`);
    const authorize = (of: SshServer) =>
      writeFileSync(join(of.scratch, "..", "authorized_keys"), readFileSync(`${server.key}.pub`));
    authorize(gate);
    authorize(inner);
    const settings = { jump, knownHosts: known };
    await using line = await openLine(server, settings);
    expect(await say(line, "echo $SSH_CONNECTION")).toContain(` ${server.port}`);
    expect(await namesIn(await line.sftp(ctx))).toContain("www");
    expect(gate.log()).toContain("Accepted publickey");
    expect(inner.log()).toContain("Accepted publickey");

    const stranger = await failure(openLine(server, { jump, knownHosts: server.knownHosts }));
    expect(stranger).toMatchObject({ kind: "auth", code: "host-key-unknown" });
    expect(stranger.message).toContain(gate.fingerprint);

    gate.kill(/sshd: deploy/);
    await delay(100);
    expect(await say(line, "echo もう一度")).toBe("もう一度");

    await using noWay = await startSshd({ settings: { AllowTcpForwarding: "no" } });
    authorize(noWay);
    writeFileSync(known, readFileSync(known, "utf8") + readFileSync(noWay.knownHosts, "utf8"));
    const closed = await failure(openLine(server, { ...settings, jump: `deploy@127.0.0.1:${noWay.port}` }));
    expect(closed).toMatchObject({ code: "connect-failed" });
    expect(closed.message).toContain("the jump host");
  });
});

describe("a line that breaks", () => {
  test.each(["cut", "reset"] as const)(
    "fails what is under way as transient, and is opened anew (%s)",
    async (kind) => {
      await using proxy = await startFlakyProxy(server);
      await using line = await openLine(server, { host: proxy.host });
      const sftp = await line.sftp(ctx);
      const running = failure(runCommand(line, "sleep 60", ctx));
      await delay(100);
      const reading = namesIn(sftp).catch((error: unknown) => error);
      proxy.breakAll(kind);
      expect(await running).toMatchObject({ kind: "transient", code: "connection-lost" });
      await reading;
      // ssh2 would let this wait for ever.
      await expect(namesIn(sftp)).rejects.toMatchObject({ kind: "transient", code: "connection-lost" });
      const [again, said] = await Promise.all([line.sftp(ctx), say(line, "echo 再接続")]);
      expect(again).not.toBe(sftp);
      expect(await namesIn(again)).toContain("www");
      expect(said).toBe("再接続");
      expect(proxy.seen.control).toBe(2);
    },
  );

  test("at any byte of the handshake is a transient failure, and the next one opens", async () => {
    await using proxy = await startFlakyProxy(server);
    for (let afterBytes = 1; afterBytes < 5_000; afterBytes += 331) {
      proxy.setFault(({ index }) => (index % 2 === 0 ? { kind: "cut", afterBytes } : undefined));
      const error = await openLine(server, { host: proxy.host }).then(
        (line) => line[Symbol.asyncDispose](),
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) expect(error).toMatchObject({ kind: "transient" });
      proxy.setFault(undefined);
      await using line = await openLine(server, { host: proxy.host });
      expect(await say(line, "echo ok")).toBe("ok");
    }
    expect(proxy.fired.cut).toBeGreaterThan(8);
  });

  test("comes back after the server was restarted", async () => {
    await using line = await openLine(server);
    const running = failure(runCommand(line, "sleep 60", ctx));
    await delay(50);
    await server.restart();
    expect(await running).toMatchObject({ kind: "transient", code: "connection-lost" });
    expect(await say(line, "echo ok")).toBe("ok");
  });

  test("by falling silent is noticed within `timeout`, and one that only waits is not taken for it", async () => {
    await using proxy = await startFlakyProxy(server);
    await using line = await openLine(server, { host: proxy.host, timeout: 1 });
    expect(await say(line, "sleep 2.5; echo ok")).toBe("ok");
    const running = failure(runCommand(line, "sleep 60", ctx));
    await delay(100);
    const start = performance.now();
    proxy.breakAll("stall");
    expect(await running).toMatchObject({ kind: "transient", code: "connection-lost" });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(await say(line, "echo ok")).toBe("ok");
  });

  test("under a command that is killed is told from a command that fails", async () => {
    await using line = await openLine(server);
    expect(await runCommand(line, "echo 日本; echo だめ >&2; exit 7", ctx)).toEqual({
      exitCode: 7,
      stdout: "日本\n",
      stderr: "だめ\n",
    });
    expect(await runCommand(line, "kill -9 $$", ctx)).toMatchObject({ exitCode: null });
    expect(await runCommand(line, "cat; echo end", ctx)).toMatchObject({ exitCode: 0, stdout: "end\n" });
    const running = failure(runCommand(line, "sleep 60", ctx));
    await delay(100);
    server.kill(/^sshd: deploy/);
    expect(await running).toMatchObject({ kind: "transient", code: "connection-lost" });
  });
});

describe("stopping", () => {
  /** A context that is told to stop after so long. */
  const stopAfter = (ms: number) => testCtx({ signal: AbortSignal.timeout(ms) });

  test("ends a login that is under way", async () => {
    await using proxy = await startFlakyProxy(server, { fault: () => ({ kind: "stall", afterBytes: 100 }) });
    const start = performance.now();
    const error = await failure(openLine(server, { host: proxy.host }, stopAfter(100)));
    expect(error).toMatchObject({ kind: "aborted" });
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test("ends the opening of a session, a command, and a way back to the server; the line lives on", async () => {
    await using proxy = await startFlakyProxy(server);
    await using line = await openLine(server, { host: proxy.host });
    expect(await failure(runCommand(line, "sleep 60", stopAfter(50)))).toMatchObject({ kind: "aborted" });
    expect(await say(line, "echo ok")).toBe("ok");
    proxy.setFault(({ index }) => (index === 1 ? { kind: "stall", afterBytes: 0 } : undefined));
    proxy.breakAll("cut");
    await delay(50);
    const start = performance.now();
    expect(await failure(line.sftp(stopAfter(50)))).toMatchObject({ kind: "aborted" });
    expect(await failure(line.exec("true", stopAfter(50)))).toMatchObject({ kind: "aborted" });
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("before anything began ends it at once", async () => {
    const ended = testCtx({ signal: AbortSignal.abort() });
    expect(await failure(openLine(server, {}, ended))).toMatchObject({ kind: "aborted" });
  });
});

test("a command that takes too long or writes too much is ended", async () => {
  await using line = await openLine(server);
  const slow = await failure(runCommand(line, "sleep 60", ctx, { timeMs: 100 }));
  expect(slow).toMatchObject({ kind: "transient", code: "command-timeout" });
  const long = await failure(runCommand(line, "yes", ctx, { outputBytes: 100_000 }));
  expect(long).toMatchObject({ kind: "config", code: "output-too-long" });
  expect(await say(line, "echo ok")).toBe("ok");
});
