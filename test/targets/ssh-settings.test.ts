import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { parseSshConfig, readSshConfig } from "../../src/targets/ssh/read-ssh-config.ts";
import { type Hop, resolveHops } from "../../src/targets/ssh/resolve-hops.ts";
import { sshFields } from "../../src/targets/ssh/ssh-schema.ts";

const around = { home: "/home/web", user: "web", baseDir: "/srv/config", agent: "/run/agent" };

/** The hops of a target with these settings, where ~/.ssh/config holds this text. */
function hopsOf(settings: object, sshConfig = ""): Hop[] {
  const parsed = z.strictObject(sshFields).parse({ host: "web1", path: "/www", ...settings });
  return resolveHops(parsed, parseSshConfig(sshConfig).find, around);
}
const places = (hops: readonly Hop[]) => hops.map(({ user, host, port }) => `${user}@${host}:${port}`);

describe("where and as whom", () => {
  const config = `
Host web*
  HostName %h.example.jp
  User deploy
  Port 2222
Host *
  User nobody
  Port 2200
`;
  test("is what the configuration says, over ~/.ssh/config, over what is usual", () => {
    expect(places(hopsOf({}))).toEqual(["web@web1:22"]);
    expect(places(hopsOf({}, config))).toEqual(["deploy@web1.example.jp:2222"]);
    expect(places(hopsOf({ user: "me", port: 22 }, config))).toEqual(["me@web1.example.jp:22"]);
    expect(places(hopsOf({ host: "other" }, config))).toEqual(["nobody@other:2200"]);
  });

  test("heeds negated patterns and keywords in any case", () => {
    const text = "host web* !web1\n  hostname wrong\nHOST=web1\n  HOSTNAME = right\n";
    expect(places(hopsOf({}, text))).toEqual(["web@right:22"]);
  });
});

describe("what is logged in with", () => {
  test("is the key that is named, its path relative to the configuration or to the home directory", () => {
    expect(hopsOf({ key: "./keys/id" })[0]).toMatchObject({ keyFiles: ["/srv/config/keys/id"] });
    expect(hopsOf({ key: "~/.ssh/本番" })[0]).toMatchObject({ keyFiles: ["/home/web/.ssh/本番"] });
  });

  test("is every IdentityFile of ~/.ssh/config, and the agent, where the target names nothing", () => {
    const [hop] = hopsOf({}, "Host web1\n  IdentityFile ~/.ssh/%h-%r\n  IdentityFile %d/second\n");
    expect(hop).toMatchObject({ keyFiles: ["/home/web/.ssh/web1-web", "/home/web/second"], keysFrom: "ssh-config" });
    expect(hop).toMatchObject({ agent: "/run/agent", agentNamed: false });
  });

  test("is the usual keys and the agent where nobody names any", () => {
    const [hop] = hopsOf({});
    expect(hop?.keyFiles).toEqual(["/home/web/.ssh/id_ed25519", "/home/web/.ssh/id_ecdsa", "/home/web/.ssh/id_rsa"]);
    expect(hop).toMatchObject({ keysFrom: "usual", agent: "/run/agent" });
  });

  test("is only what the target names, where it names something", () => {
    expect(hopsOf({ password: "x" })[0]).toMatchObject({ keyFiles: [], password: "x" });
    expect(hopsOf({ password: "x" })[0]).not.toHaveProperty("agent");
    expect(hopsOf({ agent: "~/agent" })[0]).toMatchObject({ keyFiles: [], agent: "/home/web/agent", agentNamed: true });
  });
});

describe("jump hosts", () => {
  test("are gone through in their order, each as ~/.ssh/config knows it", () => {
    const config = "Host gate\n  HostName gate.example.jp\n  User g\nHost inner\n  Port 2022\n";
    const way = ["g@gate.example.jp:22", "me@inner:2022", "web@web1:22"];
    expect(places(hopsOf({ jump: ["gate", "me@inner"] }, config))).toEqual(way);
    expect(places(hopsOf({ jump: "gate,me@inner" }, config))).toEqual(way);
    expect(places(hopsOf({}, `Host web1\n  ProxyJump gate,me@inner\n${config}`))).toEqual(way);
  });

  test("may themselves be behind others, which never leads in a circle", () => {
    const config = "Host gate\n  ProxyJump outer\nHost outer\n  ProxyJump gate\n";
    expect(places(hopsOf({ jump: "gate" }, config)).slice(-3)).toEqual(["web@outer:22", "web@gate:22", "web@web1:22"]);
  });

  test("of the target are taken over those of ~/.ssh/config, and `ProxyJump none` is none", () => {
    expect(places(hopsOf({ jump: "a" }, "Host web1\n  ProxyJump b\n"))).toEqual(["web@a:22", "web@web1:22"]);
    expect(places(hopsOf({}, "Host web1\n  ProxyJump none\nHost *\n  ProxyJump b\n"))).toEqual(["web@web1:22"]);
    expect(places(hopsOf({ jump: [] }, "Host web1\n  ProxyJump b\n"))).toEqual(["web@web1:22"]);
  });

  test.each([
    ["gate", "web@gate:22"],
    ["me@gate:2022", "me@gate:2022"],
    ["ssh://me@gate:2022/", "me@gate:2022"],
    ["me@[2001:db8::1]:2022", "me@2001:db8::1:2022"],
    ["2001:db8::1", "web@2001:db8::1:22"],
    ["ユーザー@gate.example.jp", "ユーザー@gate.example.jp:22"],
  ])("are written %s", (written, expected) => {
    expect(places(hopsOf({ jump: written }))[0]).toBe(expected);
  });

  test.each([" ", "gate:port", "a b", "me@"])("are not written '%s'", (written) => {
    expect(() => hopsOf({ jump: [written] })).toThrow(
      expect.objectContaining({ kind: "config", code: "bad-jump-host" }),
    );
  });

  test("get the target's key and agent, or keys of their own, never its password or fingerprint", () => {
    const fingerprint = `SHA256:${"A".repeat(43)}`;
    const settings = { jump: ["gate", "own"], key: "/key", password: "secret", fingerprint };
    const [gate, own, target] = hopsOf(settings, "Host own\n  IdentityFile /own-key\n");
    expect(gate).toMatchObject({ keyFiles: ["/key"] });
    expect(own).toMatchObject({ keyFiles: ["/own-key"] });
    for (const hop of [gate, own]) {
      expect(hop).not.toHaveProperty("password");
      expect(hop).not.toHaveProperty("fingerprint");
    }
    expect(target).toMatchObject({ keyFiles: ["/key"], password: "secret", fingerprint });
  });
});

test("a ProxyCommand is an error that says what to set instead, unless the target has its own way", () => {
  const config = "Host web1\n  ProxyCommand ssh -W %h:%p gate\n";
  expect(() => hopsOf({}, config)).toThrow(expect.objectContaining({ kind: "config", code: "proxy-command" }));
  expect(places(hopsOf({ jump: "gate" }, config))).toEqual(["web@gate:22", "web@web1:22"]);
  expect(places(hopsOf({}, "Host web1\n  ProxyCommand none\n"))).toEqual(["web@web1:22"]);
});

describe("the file ~/.ssh/config", () => {
  const home = mkdtempSync(join(tmpdir(), "smartsync-home-"));
  afterAll(() => rmSync(home, { recursive: true }));
  const ssh = join(home, ".ssh");
  mkdirSync(join(ssh, "config.d"), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(ssh, name), text);

  test("includes others, by pattern and relative to it", async () => {
    write("config", "Include config.d/*.conf ~/.ssh/more\nHost *\n  User last\n");
    write("config.d/web.conf", "Host web1\n  HostName included.example.jp\n");
    write("more", "Host web1\n  User more\n");
    const { find } = await readSshConfig(join(ssh, "config"), home, true);
    expect(find("web1")).toEqual({ hostName: "included.example.jp", user: "more", identityFiles: [] });
  });

  test("that includes itself is read all the same", async () => {
    write("circle", "Include circle\nHost web1\n  User me\n");
    const { find } = await readSshConfig(join(ssh, "circle"), home, true);
    expect(find("web1")).toMatchObject({ user: "me" });
  });

  test("that is missing says nothing, unless it was named", async () => {
    const missing = join(ssh, "missing");
    expect((await readSshConfig(missing, home, false)).find("web1")).toEqual({ identityFiles: [] });
    await expect(readSshConfig(missing, home, true)).rejects.toMatchObject({ code: "ssh-config-unreadable" });
    await expect(readSshConfig(ssh, home, false)).rejects.toMatchObject({ code: "ssh-config-unreadable" });
  });

  test("never runs anything: a Match exec counts as not met, and is told", () => {
    const { find, ignoresConditions } = parseSshConfig(`Match exec "touch ${home}/ran"\n  User wrong\n`);
    expect(find("web1")).toEqual({ identityFiles: [] });
    expect(ignoresConditions).toBe(true);
    expect(parseSshConfig("Host web1\n  User me\n").ignoresConditions).toBe(false);
  });
});
