import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../src/targets/ssh/run-command.ts";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startSshd } from "../servers/sshd.ts";
import { failure, openLine, refusal } from "./ssh-lines.ts";

const ctx = testCtx();

describe("a server that can't be reached", () => {
  test("nobody at home, and no such host", async () => {
    await using server = await startSshd();
    const closed = await refusal(server, { port: 1 });
    expect(closed).toMatchObject({ kind: "transient", code: "connect-failed" });
    expect(closed.message).toContain("127.0.0.1 at port 1");
    expect(await refusal(server, { host: "localhost", port: 1 })).toMatchObject({ code: "connect-failed" });
    const unknown = await refusal(server, { host: "no-such-host.invalid" });
    expect(unknown).toMatchObject({ kind: "config", code: "host-not-found" });
  });

  test("that never says a word, or stops in the middle, is given up after `timeout`", async () => {
    await using server = await startSshd();
    await using proxy = await startFlakyProxy(server, { fault: () => ({ kind: "stall", afterBytes: 0 }) });
    const start = performance.now();
    const silent = await refusal(server, { host: proxy.host, timeout: 1 });
    expect(silent).toMatchObject({ kind: "transient" });
    proxy.setFault(() => ({ kind: "stall", afterBytes: 900 }));
    expect(await refusal(server, { host: proxy.host, timeout: 1 })).toMatchObject({
      kind: "transient",
      code: "timeout",
    });
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test.each([
    ["220 ftp.example.jp FTP server ready\r\n", 'but "220 ftp.example.jp FTP server ready"'],
    ["HTTP/1.1 400 Bad Request\r\n\r\n", 'but "HTTP/1.1 400 Bad Request"'],
  ])("and is something else says how it answers: %s", async (greeting, told) => {
    await using server = await startSshd();
    const other = createServer((socket) => socket.on("error", () => undefined).end(greeting)).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const error = await refusal(server, { port: (other.address() as AddressInfo).port });
    expect(error).toMatchObject({ kind: "config", code: "not-ssh" });
    expect(error.message).toContain(told);
    other.close();
  });

  test("and hangs up without a word may do better later", async () => {
    await using server = await startSshd();
    const other = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const error = await refusal(server, { port: (other.address() as AddressInfo).port });
    expect(error).toMatchObject({ kind: "transient", code: "connect-failed" });
    other.close();
  });
});

describe("how it is encrypted", () => {
  test.each([
    ["aes256-gcm@openssh.com", { Ciphers: "aes256-gcm@openssh.com" }],
    ["aes128-ctr", { Ciphers: "aes128-ctr", KexAlgorithms: "diffie-hellman-group14-sha256", MACs: "hmac-sha2-256" }],
    ["chacha20-poly1305@openssh.com", { Ciphers: "chacha20-poly1305@openssh.com" }],
  ])("is %s where the server knows nothing better", async (cipher, settings) => {
    await using server = await startSshd({ settings });
    await using line = await openLine(server);
    expect(line.features).toContain(cipher);
  });

  test("is an error that says what is missing, where nothing is known to both", async () => {
    await using server = await startSshd({ settings: { KexAlgorithms: "sntrup761x25519-sha512@openssh.com" } });
    const error = await refusal(server, {});
    expect(error).toMatchObject({ kind: "config", code: "no-common-algorithms" });
    expect(error.message).toContain("key exchange algorithm");
  });
});

describe("an account", () => {
  test("whose shell writes a banner is told so, with its beginning; commands still run", async () => {
    await using server = await startSshd({ shellBanner: "Welcome to web1! ようこそ" });
    await using line = await openLine(server);
    const error = await failure(line.sftp(ctx));
    expect(error).toMatchObject({ kind: "config", code: "shell-writes-text" });
    expect(error.message).toContain('begins with "Welc"');
    expect(error.hint).toContain(".bashrc");
    expect((await runCommand(line, "echo ok", ctx)).stdout).toContain("ok");
    expect(await failure(line.sftp(ctx))).toMatchObject({ code: "shell-writes-text" });
  });

  test("without SFTP is told so", async () => {
    await using server = await startSshd({ sftp: "none" });
    await using line = await openLine(server);
    const error = await failure(line.sftp(ctx));
    expect(error).toMatchObject({ kind: "config", code: "no-sftp" });
    expect(error.hint).toContain("Subsystem sftp");
  });

  test("whose shell lets nobody in fails commands, and SFTP by a program of its own", async () => {
    await using server = await startSshd({ shell: "/usr/sbin/nologin" });
    await using line = await openLine(server);
    expect(await runCommand(line, "echo ok", ctx)).toMatchObject({ exitCode: 1 });
    await line.sftp(ctx);
  });

  test("that sees only its home has SFTP and nothing else", async () => {
    await using server = await startSshd({ chroot: true });
    await using line = await openLine(server);
    await line.sftp(ctx);
    const { exitCode, stdout } = await runCommand(line, "echo ok", ctx);
    expect({ exitCode, stdout }).not.toEqual({ exitCode: 0, stdout: "ok\n" });
  });
});
