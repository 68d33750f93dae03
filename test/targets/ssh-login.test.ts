import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/targets/ssh/run-command.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startSshAgent } from "../servers/ssh-agent.ts";
import { makeKey, run } from "../servers/ssh-keys.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { openLine, refusal } from "./ssh-lines.ts";

const SECRET = 'ひみつ 合言葉 ’"$';
const noKey = { key: undefined };

/** Who the server says we are, after a login with these settings. */
async function whoAmI(server: SshServer, more: object): Promise<string> {
  await using line = await openLine(server, more);
  return (await runCommand(line, "id -un", testCtx())).stdout.trim();
}

/** Runs with a home directory and an agent of its own. */
async function at<T>(home: string, agent: string | undefined, work: () => Promise<T>): Promise<T> {
  vi.stubEnv("HOME", home);
  vi.stubEnv("SSH_AUTH_SOCK", agent);
  try {
    return await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

describe.each(["ed25519", "ecdsa", "rsa"] as const)("a key of kind %s", (userKey) => {
  test("logs in, locked or not, and the server's name and the key are told", async () => {
    await using server = await startSshd({ userKey, passphrase: SECRET });
    expect(await whoAmI(server, { passphrase: SECRET })).toBe(server.user);
    run("ssh-keygen", "-q", "-p", "-P", SECRET, "-N", "", "-f", server.key);
    await using line = await openLine(server);
    expect(line.features).toEqual([
      expect.stringMatching(/^OpenSSH_/),
      "aes128-gcm@openssh.com",
      `host key ${server.fingerprint} as ${server.knownHosts}:1 says`,
      expect.stringMatching(/^the key .*user_key \(SHA256:.{43}\)$/),
    ]);
  });
});

describe("a server that takes keys", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server.stop());
  const other = (name: string, passphrase?: string) => makeKey(server.scratch, name, "ed25519", passphrase);

  test("is logged in to by a key in PEM format", async () => {
    const pem = other("pem");
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pem.file);
    chmodSync(pem.file, 0o600);
    const publicKey = run("ssh-keygen", "-y", "-f", pem.file);
    const authorized = join(server.scratch, "..", "authorized_keys");
    writeFileSync(authorized, readFileSync(authorized, "utf8") + publicKey);
    expect(await whoAmI(server, { key: pem.file })).toBe("deploy");
  });

  test("refuses another key, and the error names it, what the server takes, and the command to add it", async () => {
    const key = other("別の鍵");
    const error = await refusal(server, { key: key.file });
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.message).toContain(`could not log in to deploy@127.0.0.1`);
    expect(error.message).toContain(`${key.file} (${key.fingerprint})`);
    expect(error.message).toContain("it takes publickey");
    expect(error.hint).toContain(`ssh-copy-id -i ${key.file}.pub -p ${server.port} deploy@127.0.0.1`);
  });

  test.each([
    ["no passphrase", undefined, "passphrase-missing", /set `passphrase`.*ssh-add/],
    ["a wrong passphrase", `${SECRET}!`, "passphrase-wrong", /ssh-keygen -y -f/],
  ])("a locked key with %s is an auth error that shows no secret", async (_, passphrase, code, hint) => {
    const key = other(code, SECRET);
    const error = await at("/nonexistent", undefined, () => refusal(server, { key: key.file, passphrase }));
    expect(error).toMatchObject({ kind: "auth", code });
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain(key.file);
    expect(`${error.message} ${error.hint}`).not.toContain("ひみつ");
  });

  test("a key that is missing, public, or of no known format is a mistake of the configuration", async () => {
    expect(await refusal(server, { key: "./鍵がない" })).toMatchObject({ kind: "config", code: "key-missing" });
    expect((await refusal(server, { key: "./鍵がない" })).message).toContain(`${server.home}/鍵がない`);
    expect(await refusal(server, { key: `${server.key}.pub` })).toMatchObject({ code: "key-unsupported" });
    const file = join(server.scratch, "no-key");
    writeFileSync(file, "hello");
    const unknown = await refusal(server, { key: file });
    expect(unknown).toMatchObject({ kind: "config", code: "key-unsupported" });
    expect(unknown.hint).toContain("ssh-keygen -p -f");
    expect(await refusal(server, { key: server.scratch })).toMatchObject({ kind: "config", code: "key-unreadable" });
  });

  test("is not tried with a password, and says that it takes none", async () => {
    const error = await refusal(server, { ...noKey, password: SECRET });
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.hint).toContain("set `key`");
    expect(`${error.message} ${error.hint}`).not.toContain("ひみつ");
  });

  test("is logged in to by the usual keys of the home directory, where nothing is configured", async () => {
    const home = join(server.scratch, "home-with-key");
    mkdirSync(join(home, ".ssh"), { recursive: true });
    copyFileSync(server.key, join(home, ".ssh/id_ed25519"));
    expect(await at(home, undefined, () => whoAmI(server, noKey))).toBe("deploy");
  });

  test("says that there is nothing to log in with, where there is nothing", async () => {
    const error = await at("/nonexistent", undefined, () => refusal(server, noKey));
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.message).toContain("there is nothing to log in with; it takes publickey");
    expect(error.hint).toContain("set `key`");
  });

  test("is logged in to by a key of the agent, named in the environment or in the configuration", async () => {
    await using agent = await startSshAgent([other("decoy").file, server.key]);
    expect(await at("/nonexistent", agent.socket, () => whoAmI(server, noKey))).toBe("deploy");
    expect(await at("/nonexistent", undefined, () => whoAmI(server, { ...noKey, agent: agent.socket }))).toBe("deploy");
  });

  test("is logged in to by a locked key that the agent has open, without trying the agent's others", async () => {
    const locked = join(server.scratch, "locked");
    copyFileSync(server.key, locked);
    copyFileSync(`${server.key}.pub`, `${locked}.pub`);
    chmodSync(locked, 0o600);
    run("ssh-keygen", "-q", "-p", "-P", "", "-N", SECRET, "-f", locked);
    await using agent = await startSshAgent([other("decoy-2").file, server.key]);
    const before = server.log().length;
    expect(await at("/nonexistent", agent.socket, () => whoAmI(server, { key: locked }))).toBe("deploy");
    expect(server.log().slice(before)).not.toContain("Failed publickey");
  });

  test("refuses an agent without the right key, and the error tells which keys it has", async () => {
    const key = other("wrong");
    await using agent = await startSshAgent([key.file]);
    const error = await at("/nonexistent", agent.socket, () => refusal(server, noKey));
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.message).toContain(`the agent's key wrong of the tests (${key.fingerprint})`);
    await using empty = await startSshAgent([]);
    const none = await refusal(server, { ...noKey, agent: empty.socket });
    expect(none.message).toContain("has no key: add it with ssh-add");
  });

  test("an agent that is not there is an error where it is named, and told where it is not", async () => {
    const error = await refusal(server, { ...noKey, agent: "/nonexistent/agent" });
    expect(error).toMatchObject({ kind: "config", code: "agent-unreachable" });
    expect(error.hint).toContain("ssh-add");
    const unnamed = await at("/nonexistent", "/nonexistent/agent", () => refusal(server, noKey));
    expect(unnamed).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(unnamed.message).toContain("agent at /nonexistent/agent");
  });
});

test("a server that counts failures ends the login, and the error says to name the one right key", async () => {
  await using server = await startSshd({ settings: { MaxAuthTries: 2 } });
  const keys = ["one", "two", "three"].map((name) => makeKey(server.scratch, name, "ed25519").file);
  await using agent = await startSshAgent(keys);
  const error = await refusal(server, { ...noKey, agent: agent.socket });
  expect(error).toMatchObject({ kind: "auth", code: "too-many-login-failures" });
  expect(error.hint).toContain("`key`");
});

describe.each(["password", "keyboard-interactive"] as const)("a server that takes %s", (login) => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd({ logins: [login] });
  });
  afterAll(() => server.stop());

  test("is logged in to by the password", async () => {
    expect(await whoAmI(server, { ...noKey, password: server.password })).toBe("deploy");
  });

  test("refuses a wrong one, which the error does not show", async () => {
    const error = await refusal(server, { ...noKey, password: SECRET });
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.message).toContain(`it takes ${login}`);
    expect(error.hint).toContain("`user` and `password`");
    expect(`${error.message} ${error.hint}`).not.toContain("ひみつ");
  });

  test("refuses a key, and the error says that a password would do", async () => {
    const error = await refusal(server, {});
    expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
    expect(error.hint).toContain("set `password`");
  });
});

test("a server that wants a key and a password gets both", async () => {
  await using server = await startSshd({ logins: ["publickey,password"] });
  expect(await whoAmI(server, { password: server.password })).toBe("deploy");
  const error = await refusal(server, {});
  expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
  expect(error.message).toContain("it takes password");
});
