import { randomInt } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bytes } from "../doubles/site-file.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { expectConverges, expectPush, sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const types = ["sftp", "rsync"] as const;
const CUTS = 10;
/** A delivery of 40 small files takes more than this through the line. */
const BYTES = 60_000;

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

/** Every file of the site anew, so that there is as much to send each time. */
function rebuild(round: number): void {
  for (let n = 0; n < 20; n++) {
    workspace.publish({
      [`記事/${n % 5}/page ${n}.html`]: `<h1>${n} ${round}</h1>`,
      [`assets/${n}.css`]: bytes(2_000, n + round),
    });
  }
}

describe.each(types)("a connection of type %s", (type) => {
  test(`that is cut or reset at ${CUTS} places, wherever in the run, is opened again and the delivery goes on`, async () => {
    let next: { kind: "cut" | "reset"; afterBytes: number } | undefined;
    await using proxy = await startFlakyProxy(server, {
      fault: () => {
        const fault = next;
        next = undefined;
        return fault;
      },
    });
    workspace.configure({ web1: sshSetting(type, server, { host: proxy.host }) });
    let retried = 0;
    for (let round = 0; round < CUTS; round++) {
      rebuild(round);
      next = { kind: round % 2 === 0 ? "cut" : "reset", afterBytes: randomInt(1, BYTES) };
      const place = `${next.kind} after ${next.afterBytes} bytes`;
      const result = await workspace.run(["push", "--yes", "--json"]);
      expect(result.code, `${place}: ${result.stdout}${result.stderr}`).toBe(0);
      expect(treeOf(server.root), place).toEqual(treeOf(workspace.source));
      if (eventsOf(result).some(({ type: told }) => told === "retry")) retried++;
    }
    expect(proxy.fired.cut + proxy.fired.reset).toBeGreaterThan(0);
    expect(retried).toBeGreaterThan(0);
  });

  test("that is cut again and again ends the run with an error that says so, and the next one converges", async () => {
    await using proxy = await startFlakyProxy(server);
    workspace.configure({ web1: sshSetting(type, server, { host: proxy.host }) });
    rebuild(0);
    await expectPush(workspace, 0);
    rebuild(1);
    proxy.setFault(() => ({ kind: "cut", afterBytes: 12_000 }));
    const { output } = await expectPush(workspace, 1);
    expect(output).toMatch(/the connection to deploy@127\.0\.0\.2 was lost[\s\S]*hint: /);
    const shown = Object.keys(treeOf(server.root)).filter((path) => !path.endsWith(".tmp"));
    expect(shown).toEqual(Object.keys(treeOf(workspace.source)));
    proxy.setFault(undefined);
    await expectConverges(workspace, server);
  });

  test("that falls silent is given up after the timeout; a new one goes on", async () => {
    await using proxy = await startFlakyProxy(server, {
      fault: ({ index }) => (index === 0 ? { kind: "stall", afterBytes: 20_000 } : undefined),
    });
    workspace.configure({ web1: sshSetting(type, server, { host: proxy.host, timeout: 2 }) });
    rebuild(0);
    const { output } = await expectPush(workspace, 0);
    expect(output).toMatch(/the connection to deploy@127\.0\.0\.2 was lost.*trying again/);
    expect(proxy.fired.stall).toBe(1);
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("to a server that never answers ends the run in bounded time, with what to do", async () => {
    await using proxy = await startFlakyProxy(server, { fault: () => ({ kind: "stall", afterBytes: 0 }) });
    workspace.configure({ web1: sshSetting(type, server, { host: proxy.host, timeout: 1 }) });
    rebuild(0);
    const startedAt = performance.now();
    const { output } = await expectPush(workspace, 1);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(output).toMatch(/no answer in 1 seconds[\s\S]*hint: /);
    proxy.setFault(undefined);
    await expectConverges(workspace, server);
  });
});
