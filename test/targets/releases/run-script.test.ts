import { afterAll, beforeAll, expect, test } from "vitest";
import { openSshLine } from "../../../src/targets/ssh/open-ssh-line.ts";
import { runScript } from "../../../src/targets/ssh/releases/run-script.ts";
import type { SshLine } from "../../../src/targets/ssh/ssh-line.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { type SshServer, startSshd } from "../../servers/sshd.ts";

const ctx = testCtx();
let server: SshServer;
let line: SshLine;
beforeAll(async () => {
  server = await startSshd();
  const { host, port, user, key, knownHosts, path } = server;
  const rest = { sshConfig: false, timeout: 30, modes: "keep", mtimes: true } as const;
  line = await openSshLine({ host, port, user, key, knownHosts, path, ...rest }, { name: "web1", baseDir: "/" }, ctx);
});
afterAll(async () => {
  await line[Symbol.asyncDispose]();
  await server.stop();
});

/** A line whose shell does this before it runs the command. */
function shellThat(does: string): SshLine {
  return { ...line, exec: (command, execCtx) => line.exec(`${does}; ${command}`, execCtx) };
}

test("a script gets its arguments as they are, and nothing of them is run", async () => {
  const args = ["a b", "it's", '"$(id)"', "`id`", "-rf", "*", "", "改\n行", "\\", "!x"];
  const { exitCode, stdout } = await runScript(line, `for each; do printf '<%s>' "$each"; done`, args, ctx);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: args.map((arg) => `<${arg}>`).join("") });
});

test("what a shell says by way of greeting is not taken for the script's answer", async () => {
  const { stdout } = await runScript(shellThat("echo ようこそ; echo 7 ./evil"), "echo 答え", [], ctx);
  expect(stdout).toBe("答え\n");
});

test("an exit code is given, with the last complaint", async () => {
  const failed = await runScript(line, "ls /no/such/place", [], ctx);
  expect(failed).toMatchObject({ exitCode: 2, complaint: expect.stringContaining("/no/such/place") });
});

test("an account that runs something else than what it is told has no shell, and what it says is quoted", async () => {
  const refusal = runScript(shellThat("echo 'This service allows sftp connections only.'; exit 1"), ":", [], ctx);
  await expect(refusal).rejects.toMatchObject({
    kind: "config",
    code: "no-shell",
    message: expect.stringContaining("sftp connections only"),
  });
});
