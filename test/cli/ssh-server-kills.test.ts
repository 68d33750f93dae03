import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes } from "../doubles/site-file.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { expectConverges, sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, untilTold, type Workspace } from "./workspace.ts";

let workspace: Workspace;
let server: SshServer;
beforeEach(async () => {
  workspace = makeWorkspace();
  server = await startSshd();
});
afterEach(async () => {
  workspace[Symbol.dispose]();
  await server.stop();
});

test.each(["sftp", "rsync"] as const)("a session (%s) that is killed on the server is opened again", async (type) => {
  await using proxy = await startFlakyProxy(server, { latencyMs: 5 });
  workspace.configure({ web1: sshSetting(type, server, { host: proxy.host }) });
  for (let n = 0; n < 10; n++) workspace.publish({ [`大きい/${n}.bin`]: bytes(1_000_000, n) });
  const running = workspace.start(["push", "--yes", "--json"]);
  await untilTold(running, "locked", 1);
  expect(server.kill(/^sshd: deploy/)).toBeGreaterThan(0);
  const result = await running.ended;
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect(eventsOf(result).some(({ type: told }) => told === "retry")).toBe(true);
  expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
});

describe("rsync that is killed on the server", () => {
  /** Kills it as soon as it is seen; false when the run ended before. */
  async function killNext(isOver: () => boolean): Promise<boolean> {
    while (!isOver()) {
      if (server.kill(/^rsync --server/) > 0) return true;
      await delay(5);
    }
    return false;
  }

  beforeEach(() => {
    workspace.configure({ web1: sshSetting("rsync", server) });
    workspace.publish({ "index.html": "<h1>会社</h1>", "動画/大きい.bin": bytes(60_000_000) });
  });

  test("is started again, and nothing is lost", async () => {
    const { child, ended } = workspace.start(["push", "--yes", "--json"]);
    for (let kills = 0; kills < 2; kills++) expect(await killNext(() => child.exitCode !== null)).toBe(true);
    const result = await ended;
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(eventsOf(result).filter(({ type }) => type === "retry").length).toBeGreaterThan(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("each time ends the run with an error that says so, with nothing published; the next one converges", async () => {
    const { child, ended } = workspace.start(["push", "--yes"]);
    while (await killNext(() => child.exitCode !== null)) await delay(5);
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(1);
    expect(stdout + stderr).toMatch(/\[rsync-interrupted\][\s\S]*hint: run the same command again/);
    expect(treeOf(server.root)).toEqual({});
    await expectConverges(workspace, server);
  });
});
