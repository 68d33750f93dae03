import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { serverFile } from "./packages.ts";
import { mountSmallDisk } from "./small-disk.ts";
import { startSshAgent } from "./ssh-agent.ts";
import { run } from "./ssh-keys.ts";
import { type SshServer, startSshd } from "./sshd.ts";

interface Run {
  readonly status: number | null;
  readonly text: string;
}

function finish(command: string, args: readonly string[], input = "", env = {}): Promise<Run> {
  const child = spawn(command, args, { timeout: 30_000, env: { PATH: process.env.PATH, ...env } });
  let text = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  // A client that is refused never reads its input: EPIPE says nothing that its status doesn't.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, text })));
}

const optionsFor = ({ knownHosts }: SshServer) => [
  ...["-F", "none", "-o", `UserKnownHostsFile=${knownHosts}`, "-o", "GlobalKnownHostsFile=none"],
  ...["-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
];

/** Runs a command on the server with OpenSSH's own client. */
function ssh(server: SshServer, command: string, more: readonly string[] = [], env = {}): Promise<Run> {
  const login = ["-i", server.key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"];
  const to = ["-p", String(server.port), `${server.user}@${server.host}`, command];
  return finish("ssh", [...optionsFor(server), ...more, ...login, ...to], "", env);
}

/** Gives OpenSSH's own SFTP client a batch of commands. */
function sftp(server: SshServer, batch: string): Promise<Run> {
  const args = ["-q", "-b", "-", "-i", server.key, "-P", String(server.port), `${server.user}@${server.host}`];
  return finish("sftp", [...optionsFor(server), ...args], batch);
}

test("the user has a shell, SFTP and rsync, and his files are his own", async () => {
  await using server = await startSshd();
  expect(await ssh(server, "id -un; cd; pwd")).toEqual({ status: 0, text: `deploy\n${server.home}\n` });
  expect((await ssh(server, "rsync --version")).text).toMatch(/^rsync {2}version 3/);
  const from = join(server.scratch, "手紙.txt");
  writeFileSync(from, "こんにちは");
  expect((await sftp(server, `put ${from} ${server.path}/手紙.txt\n`)).status).toBe(0);
  expect(readFileSync(join(server.root, "手紙.txt"), "utf8")).toBe("こんにちは");
  expect(statSync(join(server.root, "手紙.txt")).uid).toBe(server.uid);
});

test("a chrooted user sees his home as /, and has no shell", async () => {
  await using server = await startSshd({ chroot: true });
  expect((await sftp(server, "pwd\nls /www\ncd /etc\n")).text).toMatch(/\/\n[\s\S]*html[\s\S]*\/etc/);
  expect((await ssh(server, "echo ok")).text).not.toMatch(/^ok$/m);
});

test.each(["ed25519", "ecdsa", "rsa"] as const)("user and host keys are of kind %s when told so", async (kind) => {
  await using server = await startSshd({ userKey: kind, hostKeys: [kind] });
  expect(await ssh(server, "echo ok")).toEqual({ status: 0, text: "ok\n" });
  expect(run("ssh-keygen", "-l", "-f", `${server.key}.pub`)).toMatch(new RegExp(`\\(${kind}\\)`, "i"));
  const shown = run("ssh-keyscan", "-p", String(server.port), server.host);
  expect(shown.trim()).toBe(`[127.0.0.1]:${server.port} ${server.hostKeys[0]?.publicKey}`);
});

test("a locked key logs in only through an agent that has it open", async () => {
  await using server = await startSshd({ passphrase: "合言葉" });
  expect((await ssh(server, "echo ok")).status).toBe(255);
  run("ssh-keygen", "-q", "-p", "-P", "合言葉", "-N", "", "-f", server.key);
  await using agent = await startSshAgent([server.key]);
  run("ssh-keygen", "-q", "-p", "-P", "", "-N", "合言葉", "-f", server.key);
  expect(await ssh(server, "echo ok", [], { SSH_AUTH_SOCK: agent.socket })).toEqual({ status: 0, text: "ok\n" });
});

test.each([
  [["password"], "(password)"],
  [["keyboard-interactive"], "(keyboard-interactive)"],
  [["publickey,password"], "(password)"],
] as const)("only %s logs in when told so", async (logins, left) => {
  await using server = await startSshd({ logins });
  expect((await ssh(server, "echo ok")).text).toContain(`Permission denied ${left}`);
});

test("rsync is another one, or none", async () => {
  const rsync = serverFile("rsync", "usr/bin/rsync");
  const version = /rsync {2}version (\S+)/.exec(run(rsync, "--version"))?.[1];
  await using other = await startSshd({ rsync });
  expect((await ssh(other, "rsync --version")).text).toContain(`version ${version} `);
  await using none = await startSshd({ rsync: "none" });
  expect((await ssh(none, "rsync --version")).status).toBe(127);
  expect((await ssh(none, "cp --version && ls /")).status).toBe(0);
});

test("the shell writes a banner before anything else, SFTP included", async () => {
  await using server = await startSshd({ shellBanner: "ようこそ" });
  expect((await ssh(server, "echo ok")).text).toBe("ようこそ\nok\n");
  expect((await sftp(server, "pwd\n")).status).not.toBe(0);
});

test("there is no SFTP when told so", async () => {
  await using server = await startSshd({ sftp: "none" });
  expect((await ssh(server, "echo ok")).status).toBe(0);
  expect((await sftp(server, "pwd\n")).status).not.toBe(0);
});

test("further settings reach sshd, and it is a gate to another server", async () => {
  await using server = await startSshd();
  await using gate = await startSshd({ settings: { Banner: server.key } });
  const proxy = ["ssh", ...optionsFor(gate), "-i", gate.key, "-p", gate.port, "-W", "%h:%p", `deploy@${gate.host}`];
  expect((await ssh(server, "echo ok", ["-o", `ProxyCommand=${proxy.join(" ")}`])).text).toMatch(/ok\n$/);
  await using closed = await startSshd({ settings: { MaxSessions: 0 } });
  expect((await ssh(closed, "echo ok")).status).toBe(255);
});

test("the home is on a disk of a known size when told so", async () => {
  await using disk = await mountSmallDisk(1);
  await using server = await startSshd({ home: disk.path });
  expect((await ssh(server, `cd ${server.path} && head -c 2000000 /dev/zero >large`)).text).toMatch(/No space left/);
});

test("it kills the user's processes, and those of no other server", async () => {
  await using server = await startSshd();
  await using other = await startSshd();
  const both = [server, other].map((each) => ssh(each, "sleep 3; echo ok"));
  await delay(500);
  expect(server.kill(/^sshd: deploy/)).toBe(1);
  expect(await Promise.all(both)).toMatchObject([{ status: 255 }, { status: 0, text: "ok\n" }]);
});

test("it starts again at the same port with the same keys, and leaves nothing behind when stopped", async () => {
  const server = await startSshd();
  const running = ssh(server, "sleep 60");
  await delay(300);
  await server.restart();
  expect((await running).status).toBe(255);
  expect((await ssh(server, "echo ok")).text).toBe("ok\n");
  await server.stop();
  expect((await ssh(server, "echo ok")).status).toBe(255);
  expect(existsSync(server.home)).toBe(false);
});
