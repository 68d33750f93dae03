import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FlakyProxy, startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes } from "../doubles/site-file.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { expectConverges, sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, untilTold, type Workspace } from "./workspace.ts";

const FILES = 250;

describe.each([
  // What tells that the delivery is in the middle of it.
  { type: "sftp", middle: "file-put" },
  { type: "rsync", middle: "file-staged" },
] as const)("$type", ({ type, middle }) => {
  let workspace: Workspace;
  let server: SshServer;
  let proxy: FlakyProxy;

  beforeEach(async () => {
    workspace = makeWorkspace();
    server = await startSshd();
    proxy = await startFlakyProxy(server, { latencyMs: 10 });
    workspace.configure({ web1: sshSetting(type, server, { host: proxy.host }) });
    for (let n = 0; n < FILES; n++) {
      workspace.publish({ [`記事/${n % 5}/page ${n}.html`]: bytes(8_000, n), [`assets/${n}.css`]: bytes(2_000, n) });
    }
  });
  afterEach(async () => {
    workspace[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
    await server.stop();
  });

  /** Every file the server shows is one of the source's, whole; gives how many there are. */
  function expectWholeFiles(): number {
    const source = treeOf(workspace.source);
    const shown = Object.entries(treeOf(server.root)).filter(([path]) => !path.endsWith(".tmp"));
    for (const [path, content] of shown) expect(content === source[path], `${path} is whole`).toBe(true);
    return shown.length;
  }

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s in the middle ends it within seconds, with whole files",
    async (signal) => {
      const running = workspace.start(["push", "--yes", "--json"]);
      await untilTold(running, middle, 20);
      const askedAt = performance.now();
      running.child.kill(signal);
      const stopped = await running.ended;
      expect(performance.now() - askedAt).toBeLessThan(6_000);
      expect(stopped.code, stopped.stdout + stopped.stderr).toBe(130);
      const shown = expectWholeFiles();
      // rsync sends beside the site: nothing of it is to be seen yet.
      if (type === "rsync") expect(shown).toBe(0);
      expect(shown).toBeLessThan(2 * FILES);
      expect(readdirSync("/dev/shm").filter((name) => name.includes(`_${running.child.pid}_`))).toEqual([]);
      await expectConverges(workspace, server);
    },
  );

  test("of two pushes at once one delivers and the other says who is at work", async () => {
    const first = workspace.start(["push", "--yes", "--json"]);
    await untilTold(first, "locked", 1);
    const second = await workspace.run(["push", "--yes"]);
    expect(second.code, second.stdout + second.stderr).toBe(5);
    expect(second.stdout + second.stderr).toMatch(/another delivery is at work: push by .+@.+ since/);
    const { code, stdout, stderr } = await first.ended;
    expect(code, stdout + stderr).toBe(0);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("files that are rewritten while they are sent are delivered as they are in the end", async () => {
    const running = workspace.start(["push", "--yes", "--json"]);
    await untilTold(running, "locked", 1);
    for (let n = 0; n < FILES; n++) {
      writeFileSync(join(workspace.source, `記事/${n % 5}/page ${n}.html`), `<p>rebuilt ${n}</p>`.repeat(1 + n));
    }
    const result = await running.ended;
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(eventsOf(result).filter(({ type: told }) => told === "file-replanned").length).toBeGreaterThan(0);
    const shown = treeOf(server.root);
    for (let n = 0; n < FILES; n++) {
      const path = `記事/${n % 5}/page ${n}.html`;
      const whole = [Buffer.from(bytes(8_000, n)).toString("latin1"), `<p>rebuilt ${n}</p>`.repeat(1 + n)];
      expect(whole.includes(shown[path] ?? ""), `${path} is whole`).toBe(true);
    }
    await expectConverges(workspace, server);
  });
});
