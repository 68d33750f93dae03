import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { testCtx } from "../doubles/test-ctx.ts";
import { makeKey, run } from "../servers/ssh-keys.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { openLine, refusal } from "./ssh-lines.ts";

let server: SshServer;
beforeAll(async () => {
  server = await startSshd({ hostKeys: ["ed25519", "ecdsa", "rsa"] });
});
afterAll(() => server.stop());

let files = 0;
/** A known_hosts file with this text. */
function fileWith(text: string): string {
  const file = join(server.scratch, `known_hosts-${files++}`);
  writeFileSync(file, text);
  return file;
}
const nameOf = ({ port }: SshServer) => `[127.0.0.1]:${port}`;

/** True when a server can be logged in to. */
async function opens(more: object, options = {}): Promise<boolean> {
  await using line = await openLine(server, more, testCtx(), options);
  return line.features.length > 0;
}

test.each([0, 1, 2])("a known key is trusted, of whichever type it is: %i", async (at) => {
  const knownHosts = fileWith(`${nameOf(server)} ${server.hostKeys[at]?.publicKey}\n`);
  expect(await opens({ knownHosts })).toBe(true);
});

test("a hashed entry is trusted", async () => {
  const knownHosts = fileWith(`${nameOf(server)} ${server.hostKeys[0]?.publicKey}\n`);
  run("ssh-keygen", "-q", "-H", "-f", knownHosts);
  expect(await opens({ knownHosts })).toBe(true);
});

test("another key than the known one is refused before the login, with both fingerprints and the line", async () => {
  const other = makeKey(server.scratch, "other", "ed25519");
  const knownHosts = fileWith(`# 本番サーバー\n${nameOf(server)} ${other.publicKey}\n`);
  const before = server.log().length;
  const confirm = vi.fn(async () => true);
  const error = await refusal(server, { knownHosts }, { confirm });
  expect(error).toMatchObject({ kind: "auth", code: "host-key-changed" });
  expect(error.message).toContain(server.fingerprint);
  expect(error.message).toContain(other.fingerprint);
  expect(error.message).toContain(`${knownHosts}:2`);
  expect(error.hint).toContain(`ssh-keygen -R "${nameOf(server)}" -f ${knownHosts}`);
  expect(confirm).not.toHaveBeenCalled();
  expect(server.log().slice(before)).not.toContain("for deploy");
});

test("a revoked key is refused", async () => {
  const key = server.hostKeys[0]?.publicKey;
  const knownHosts = fileWith(`${nameOf(server)} ${key}\n@revoked * ${key}\n`);
  expect(await refusal(server, { knownHosts })).toMatchObject({ kind: "auth", code: "host-key-revoked" });
});

describe("an unknown server", () => {
  const unknown = () => ({ knownHosts: join(server.scratch, `fresh-${files++}`, "ssh", "known_hosts") });

  test("is refused where nobody can be asked, with its fingerprint and how to trust it", async () => {
    const { knownHosts } = unknown();
    const error = await refusal(server, { knownHosts });
    expect(error).toMatchObject({ kind: "auth", code: "host-key-unknown" });
    expect(error.message).toContain(server.fingerprint);
    expect(error.hint).toContain(`fingerprint: "${server.fingerprint}"`);
    expect(error.hint).toContain(`ssh-keyscan -p ${server.port} 127.0.0.1 >> ${knownHosts}`);
    expect(existsSync(knownHosts)).toBe(false);
  });

  test("is asked for at the terminal, and known from then on", async () => {
    const { knownHosts } = unknown();
    const confirm = vi.fn(async (_question: string, _details: readonly string[]) => true);
    expect(await opens({ knownHosts }, { confirm })).toBe(true);
    expect(confirm).toHaveBeenCalledOnce();
    const [question = "", details = []] = confirm.mock.calls[0] ?? [];
    expect(question).toContain(nameOf(server));
    expect(details.join("\n")).toContain(server.fingerprint);
    expect(readFileSync(knownHosts, "utf8")).toBe(`${nameOf(server)} ${server.hostKeys[0]?.publicKey}\n`);
    expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
    expect(statSync(join(knownHosts, "..")).mode & 0o777).toBe(0o700);
    expect(await opens({ knownHosts })).toBe(true);
    expect(run("ssh-keygen", "-F", nameOf(server), "-f", knownHosts)).toContain("found");
  });

  test("is noted once by several targets on it that ask at the same time", async () => {
    const { knownHosts } = unknown();
    const confirm = async () => true;
    await Promise.all([1, 2, 3].map(() => opens({ knownHosts }, { confirm })));
    expect(readFileSync(knownHosts, "utf8")).toBe(`${nameOf(server)} ${server.hostKeys[0]?.publicKey}\n`);
  });

  test("may be thought about for longer than the server may be silent", async () => {
    const confirm = () => new Promise<boolean>((answer) => setTimeout(answer, 1_500, true));
    expect(await opens({ ...unknown(), timeout: 1 }, { confirm })).toBe(true);
  });

  test("is refused when the person says no, and not noted", async () => {
    const { knownHosts } = unknown();
    const error = await refusal(server, { knownHosts }, { confirm: async () => false });
    expect(error).toMatchObject({ kind: "auth", code: "host-key-unknown" });
    expect(existsSync(knownHosts)).toBe(false);
  });

  test("is noted on a line of its own in a file that does not end with one", async () => {
    const knownHosts = fileWith(`example.jp ${server.hostKeys[0]?.publicKey}`);
    expect(await opens({ knownHosts }, { confirm: async () => true })).toBe(true);
    expect(readFileSync(knownHosts, "utf8").split("\n")).toHaveLength(3);
  });

  test("is used although it can't be noted, with a warning", async () => {
    const ctx = testCtx();
    const knownHosts = join(server.scratch, "leads-nowhere");
    symlinkSync(join(server.scratch, "no-such-folder", "known_hosts"), knownHosts);
    await using line = await openLine(server, { knownHosts }, ctx, { confirm: async () => true });
    expect(line.features).not.toEqual([]);
    expect(ctx.events).toMatchObject([{ type: "warning", target: "web1", code: "host-key-not-kept" }]);
  });
});

test("a known_hosts file that can't be read is not taken for an empty one", async () => {
  const confirm = vi.fn(async () => true);
  const error = await refusal(server, { knownHosts: server.scratch }, { confirm });
  expect(error).toMatchObject({ kind: "config", code: "known-hosts-unreadable" });
  expect(confirm).not.toHaveBeenCalled();
});

describe("a configured fingerprint", () => {
  test.each([0, 1, 2])(
    "trusts the server, whichever of its keys it is of, whatever known_hosts says: %i",
    async (at) => {
      const fingerprint = server.hostKeys[at]?.fingerprint;
      expect(await opens({ fingerprint, knownHosts: "/nonexistent" })).toBe(true);
    },
  );

  test("refuses another key, with both fingerprints, and asks nobody", async () => {
    const { fingerprint } = makeKey(server.scratch, "another", "ed25519");
    const confirm = vi.fn(async () => true);
    const error = await refusal(server, { fingerprint }, { confirm });
    expect(error).toMatchObject({ kind: "auth", code: "host-key-changed" });
    expect(error.message).toContain(fingerprint);
    expect(error.message).toContain(server.fingerprint);
    expect(confirm).not.toHaveBeenCalled();
  });
});

test("any key is accepted only by name, and with a warning", async () => {
  const ctx = testCtx();
  await using line = await openLine(server, { insecure: "accept-any-host-key", knownHosts: "/nonexistent" }, ctx);
  expect(line.features).toContainEqual(expect.stringMatching(/^host key SHA256:\S+ not checked$/));
  expect(ctx.events).toMatchObject([{ type: "warning", target: "web1", code: "host-key-unchecked" }]);
});
