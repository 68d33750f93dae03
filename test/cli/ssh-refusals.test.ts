import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSshAgent } from "../servers/ssh-agent.ts";
import { makeKey } from "../servers/ssh-keys.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../servers/sshd.ts";
import { expectConverges, expectPush, sshSetting } from "./ssh-setting.ts";
import { makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
  workspace.publish({ "index.html": "<h1>会社</h1>", "記事/一.html": "一", "assets/site.css": "body{}" });
});
afterEach(() => workspace[Symbol.dispose]());

/** Delivers a first version, so that there is something to lose, and lays a second one in the source. */
async function deliverOnce(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await startSshd(options);
  workspace.configure({ web1: sshSetting("sftp", server) });
  await expectPush(workspace, 0);
  workspace.publish({ "index.html": "<h1>新しい会社</h1>", "記事/二.html": "二" });
  return server;
}

/** A push that is refused, with nothing changed on the server; gives what it said. */
async function expectRefused(server: SshServer, setting: object, env: Record<string, string> = {}): Promise<string> {
  workspace.configure({ web1: setting });
  const before = treeOf(server.home);
  const { output } = await expectPush(workspace, 1, { env });
  expect(treeOf(server.home)).toEqual(before);
  return output;
}

test("an unknown host key is refused where nobody can be asked, with the line that trusts it, which then delivers", async () => {
  await using server = await deliverOnce();
  const knownHosts = join(workspace.dir, "known_hosts");
  writeFileSync(knownHosts, "");
  const said = await expectRefused(server, sshSetting("sftp", server, { knownHosts }));
  expect(said).toContain("[host-key-unknown]");
  const [, fingerprint] = /trust it with the line: fingerprint: "(SHA256:[^"]+)"/.exec(said) ?? [];
  expect(fingerprint).toBe(server.fingerprint);
  workspace.configure({ web1: sshSetting("sftp", server, { knownHosts, fingerprint }) });
  await expectConverges(workspace, server);
});

test("a changed host key is refused with both fingerprints, and what to do", async () => {
  await using server = await deliverOnce();
  const other = makeKey(server.scratch, "other", "ed25519");
  const knownHosts = join(workspace.dir, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${other.publicKey}\n`);
  const said = await expectRefused(server, sshSetting("sftp", server, { knownHosts }));
  expect(said).toContain("[host-key-changed]");
  expect(said).toContain(server.fingerprint);
  expect(said).toContain(other.fingerprint);
  expect(said).toMatch(/hint: .*ssh-keygen -R/);
  workspace.configure({ web1: sshSetting("sftp", server) });
  await expectConverges(workspace, server);
});

test("a wrong passphrase is said so, and is nowhere in what is said; the right one delivers", async () => {
  await using server = await startSshd({ passphrase: "開けゴマ" });
  const said = await expectRefused(server, sshSetting("sftp", server, { passphrase: "wrong-horse-battery" }));
  expect(said).toMatch(/passphrase[\s\S]*hint: /);
  expect(said).not.toContain("wrong-horse-battery");
  const without = await expectRefused(server, sshSetting("sftp", server), { SSH_AUTH_SOCK: "" });
  expect(without).toMatch(/\[passphrase-missing\][\s\S]*hint: .*passphrase/);
  workspace.configure({ web1: sshSetting("sftp", server, { passphrase: "開けゴマ" }) });
  await expectConverges(workspace, server);
});

test("an agent without the key is refused, and told which keys it has; with the key it delivers", async () => {
  await using server = await deliverOnce();
  const other = makeKey(server.scratch, "other", "ed25519");
  await using poor = await startSshAgent([other.file]);
  await using rich = await startSshAgent([other.file, server.key]);
  const byAgent = (agent: string) => ({ ...sshSetting("sftp", server, { agent }), key: undefined });
  const said = await expectRefused(server, byAgent(poor.socket));
  expect(said).toContain("[login-refused]");
  expect(said).toContain(other.fingerprint);
  expect(said).toMatch(/hint: .*(ssh-add|key)/);
  workspace.configure({ web1: byAgent(rich.socket) });
  await expectConverges(workspace, server);
});

test.each(["ようこそ web1 へ", "Welcome to web1!"])(
  'a shell that writes "%s" is named as the trouble',
  async (shellBanner) => {
    await using server = await startSshd({ shellBanner });
    const said = await expectRefused(server, sshSetting("sftp", server));
    expect(said).toContain("[shell-writes-text]");
    expect(said).toMatch(/hint: .*\.bashrc/);
    writeFileSync(join(server.home, ".bashrc"), "[ -t 1 ] && echo ようこそ\n");
    await expectConverges(workspace, server);
  },
);
