import { expect } from "vitest";
import type { SshServer } from "../servers/sshd.ts";
import { type CliResult, treeOf, type Workspace } from "./workspace.ts";

/** The settings of a target on a test server that is known and logged in to by key. */
export function sshSetting(type: "sftp" | "rsync", server: SshServer, more: object = {}): object {
  const { host, port, user, key, knownHosts, path } = server;
  return { type, host, port, user, key, knownHosts, path, sshConfig: false, ...more };
}

/** Pushes, and expects it to end with this exit code. `output` is everything it wrote. */
export async function expectPush(
  workspace: Workspace,
  code: number,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<CliResult & { output: string }> {
  const result = await workspace.run(["push", "--yes", ...args], env);
  const output = result.stdout + result.stderr;
  expect(result.code, output).toBe(code);
  return { ...result, output };
}

/** Pushes once more, plainly: the server then has what the source has. */
export async function expectConverges(workspace: Workspace, server: SshServer): Promise<void> {
  await expectPush(workspace, 0);
  expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
}
