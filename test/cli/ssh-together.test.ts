import { chmodSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FlakyProxy, startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { expectConverges, expectPush, sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const OLD = { "index.html": "古い", "記事/一.html": "一", "記事/〇.html": "〇", "assets/site.css": "body{}" };

describe.each([
  { type: "sftp", releases: false },
  { type: "rsync", releases: false },
  { type: "rsync", releases: true },
] as const)("two servers as one ($type, releases: $releases)", ({ type, releases }) => {
  let workspace: Workspace;
  let web1: SshServer;
  let web2: SshServer;
  let toWeb2: FlakyProxy;
  let old: Record<string, string>;

  beforeEach(async () => {
    workspace = makeWorkspace();
    [web1, web2] = await Promise.all([startSshd(), startSshd()]);
    toWeb2 = await startFlakyProxy(web2);
    if (releases) for (const { root } of [web1, web2]) rmdirSync(root);
    const targets = {
      web1: sshSetting(type, web1, { releases }),
      web2: sshSetting(type, web2, { releases, host: toWeb2.host, timeout: 3 }),
    };
    workspace.configure(targets, { publish: "together", guard: { maxDelete: "100%" } });
    workspace.publish(OLD);
    await expectPush(workspace, 0);
    old = treeOf(workspace.source);
    workspace.publish({ "index.html": "新しい", "記事/一.html": null, "記事/二.html": "二", "新着/三.html": "三" });
  });
  afterEach(async () => {
    workspace[Symbol.dispose]();
    await toWeb2[Symbol.asyncDispose]();
    await Promise.all([web1.stop(), web2.stop()]);
  });

  /** Pushes, which fails with nothing delivered to either; gives what it told. */
  async function expectNothingDelivered(): Promise<ReturnType<typeof eventsOf>> {
    const events = eventsOf(await expectPush(workspace, 1, { args: ["--json"] }));
    for (const { root } of [web1, web2]) expect(treeOf(root)).toEqual(old);
    expect(events.at(-1)).toMatchObject({ targets: [{ uploaded: 0 }, { uploaded: 0 }] });
    return events;
  }

  async function expectBothConverge(): Promise<void> {
    await expectConverges(workspace, web1);
    expect(treeOf(web2.root)).toEqual(treeOf(workspace.source));
  }

  test("with one down, nothing changes on the other", async () => {
    toWeb2.setFault(() => ({ kind: "reset", afterBytes: 0 }));
    const events = await expectNothingDelivered();
    expect(failuresOf(events)).toMatchObject({ web1: { code: "held-back" }, web2: { kind: "transient" } });
    toWeb2.setFault(undefined);
    await expectBothConverge();
  });

  test("with one that can't publish what it was sent, the other is put back", async () => {
    // It can be made ready there, and only the renames are refused.
    const closed = releases ? dirname(web2.root) : join(web2.root, "記事");
    chmodSync(closed, 0o555);
    const events = await expectNothingDelivered();
    expect(failuresOf(events)).toMatchObject({ web1: { code: "put-back" }, web2: { code: "permission-denied" } });
    expect(events.filter(({ type: kind }) => kind === "staged")).toHaveLength(2);
    chmodSync(closed, 0o755);
    await expectBothConverge();
  });
});

function failuresOf(events: ReturnType<typeof eventsOf>): Record<string, unknown> {
  const results = events.filter(({ type }) => type === "target-done").map(({ result }) => result);
  return Object.fromEntries(
    (results as { target: string; failure?: object }[]).map((each) => [each.target, each.failure]),
  );
}
