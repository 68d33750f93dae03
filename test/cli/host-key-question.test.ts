import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { onTerminal, type Typed } from "./on-terminal.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

let server: SshServer;
beforeAll(async () => {
  server = await startSshd();
});
afterAll(() => server.stop());

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
  workspace.publish({ "index.html": "<h1>会社</h1>" });
  const { host, port, user, key, path } = server;
  const target = { type: "sftp", host, port, user, key, sshConfig: false, knownHosts: "./known_hosts" };
  workspace.configure({ web1: { ...target, path }, web2: { ...target, path: `${path}-2` } });
});
afterEach(() => {
  rmSync(server.root, { recursive: true, force: true });
  workspace[Symbol.dispose]();
});

const known = () => join(workspace.dir, "known_hosts");
const question = "from now on?";
const answer = (keys: string): Typed => ({ once: question, keys });

test.each([
  [["plan"], []],
  [["status"], []],
  [["doctor"], []],
  [["push"], [{ once: "Deliver 2 files", keys: "y\r" }]],
])("%j asks about an unknown server once, shows its fingerprint, and goes on after a yes", async (args, more) => {
  const { code, screen } = await onTerminal(workspace.dir, args, [answer("y\r"), ...more]);
  expect(screen).toContain(`127.0.0.1]:${server.port} is not known in`);
  expect(screen).toContain(`ssh-ed25519 key ${server.fingerprint}`);
  expect(screen.match(/Ask its owner/g)).toHaveLength(1);
  expect(code).toBe(0);
  expect(readFileSync(known(), "utf8")).toContain(`[127.0.0.1]:${server.port} ssh-ed25519 `);
  const again = await onTerminal(workspace.dir, ["plan"]);
  expect(again.screen).not.toContain(question);
  expect(again.code).toBe(0);
});

test("nothing is live while the question waits for its answer", async () => {
  const { output } = await onTerminal(workspace.dir, ["plan"], [answer("y\r")]);
  const asked = output.slice(output.indexOf("is not known in"), output.indexOf(question));
  expect(asked).not.toContain("connecting");
});

test("a no leaves the server unknown, and says why nothing was done", async () => {
  const { code, screen } = await onTerminal(workspace.dir, ["push"], [answer("n\r")]);
  expect(code).toBe(1);
  expect(screen).toContain("was not accepted");
  expect(screen).toContain("[host-key-unknown]");
  expect(existsSync(known())).toBe(false);
});

test.each([["push"], ["plan"], ["status"], ["doctor"]])("Ctrl-C at the question stops all of %s", async (command) => {
  const { code, screen } = await onTerminal(workspace.dir, [command], [answer("\u0003")]);
  expect(code).toBe(130);
  expect(screen).not.toContain("unexpected");
  expect(existsSync(known())).toBe(false);
});

test.each([
  ["with --yes", () => onTerminal(workspace.dir, ["push", "--yes"])],
  ["with --json", () => onTerminal(workspace.dir, ["push", "--json"])],
  [
    "without a terminal",
    async () => {
      const { code, stdout, stderr } = await workspace.run(["push"]);
      return { code, screen: stdout + stderr };
    },
  ],
])("nothing is asked %s: the server is refused, and the error shows what to write", async (_, run) => {
  const { code, screen } = await run();
  expect(code).toBe(1);
  expect(screen).not.toContain(question);
  expect(screen.replace(/\s/g, "")).toMatch(/fingerprint:\\?"SHA256:/);
});

test("init asks, and writes a configuration that a plan can be made with", async () => {
  rmSync(join(workspace.dir, "smartsync.yaml"));
  const { host, port, user, key, path } = server;
  const home = { HOME: workspace.dir };
  const args = ["init", "--source", "public", "--url", "''", "--cms-url", "''", "--type", "sftp"];
  args.push("--host", `${host}:${port}`, "--user", user, "--key", key, "--passphrase-env", "''", "--path", path);
  const answers = [{ once: "switch in one step?", keys: "n\r" }, answer("y\r")];
  const { code, screen } = await onTerminal(workspace.dir, args, answers, home);
  expect(screen).toContain("The connection works: OpenSSH");
  expect(code).toBe(0);
  const plan = await workspace.run(["plan", "--json"], home);
  expect(plan.code).toBe(0);
});
