import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytes } from "../doubles/site-file.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { expectConverges, expectPush, sshSetting } from "./ssh-setting.ts";
import { makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
});
afterEach(() => workspace[Symbol.dispose]());

function publishPages(): void {
  for (let n = 0; n < 10; n++) {
    workspace.publish({ [`記事/${n % 2}/page ${n}.html`]: `<h1>${n}</h1>`, [`assets/${n}.css`]: bytes(2_000, n) });
  }
}

/** Delivers a first version. */
async function deliver(server: SshServer, setting: object): Promise<void> {
  workspace.configure({ web1: setting }, { guard: { maxDelete: "100%" } });
  publishPages();
  await expectPush(workspace, 0);
  expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
}

describe.each(["sftp", "rsync"] as const)("%s", (type) => {
  test("a full disk fails the run with the old site whole; with room again the next run converges", async () => {
    await using disk = await mountSmallDisk(4);
    const home = join(disk.path, "home");
    mkdirSync(home);
    await using server = await startSshd({ home });
    await deliver(server, sshSetting(type, server));
    const old = treeOf(workspace.source);
    workspace.publish({ "assets/0.css": "changed", "assets/大きい.bin": bytes(6_000_000), "記事/1/page 1.html": null });
    const { output } = await expectPush(workspace, 1);
    expect(output).toMatch(/\[disk-full\][\s\S]*hint: .*free space/);
    const shown = treeOf(server.root);
    // The deletion was not made, and what was replaced meanwhile is whole.
    expect(shown).toEqual({ ...old, "assets/0.css": shown["assets/0.css"] });
    expect([old["assets/0.css"], "changed"]).toContain(shown["assets/0.css"]);
    workspace.publish({ "assets/大きい.bin": bytes(300_000) });
    await expectConverges(workspace, server);
  });

  test("a directory that may not be written is named, no deletion is made, and once it may the next run converges", async () => {
    await using server = await startSshd();
    await deliver(server, sshSetting(type, server));
    workspace.publish({ "記事/0/new.html": "new", "assets/1.css": null });
    chmodSync(join(server.root, "記事/0"), 0o555);
    const { output } = await expectPush(workspace, 1);
    expect(output).toMatch(/記事\/0[\s\S]*\[permission-denied\][\s\S]*hint: /);
    expect(existsSync(join(server.root, "assets/1.css"))).toBe(true);
    chmodSync(join(server.root, "記事/0"), 0o755);
    await expectConverges(workspace, server);
  });

  test("a document root that may not be written is named before anything is lost", async () => {
    await using server = await startSshd();
    await deliver(server, sshSetting(type, server));
    const old = treeOf(server.root);
    workspace.publish({ "index.html": "new" });
    chmodSync(server.root, 0o555);
    const { output } = await expectPush(workspace, 1);
    expect(output).toContain(server.root);
    expect(output).toMatch(/\[permission-denied\][\s\S]*hint: /);
    expect(treeOf(server.root)).toEqual(old);
    chmodSync(server.root, 0o755);
    await expectConverges(workspace, server);
  });

  test("a link planted where a directory of the site is, leading out, is not followed", async () => {
    await using server = await startSshd();
    await deliver(server, sshSetting(type, server));
    const outside = join(server.home, "outside");
    mkdirSync(outside);
    chownSync(outside, server.uid, server.uid);
    writeFileSync(join(outside, "0.css"), "他人のもの");
    rmSync(join(server.root, "assets"), { recursive: true });
    symlinkSync(outside, join(server.root, "assets"));
    workspace.publish({ "assets/0.css": "changed", "assets/1.css": null, "assets/新.css": "new" });
    const { output } = await expectPush(workspace, 1);
    expect(output).toMatch(/assets is reached through a symbolic link that leads out of [\s\S]*hint: remove the link/);
    expect(treeOf(outside)).toEqual({ "0.css": Buffer.from("他人のもの").toString("latin1") });
    unlinkSync(join(server.root, "assets"));
    await expectPush(workspace, 0, { args: ["--force"] });
    expect(treeOf(server.root)).toEqual(treeOf(workspace.source));
  });

  test("a link planted where a file of the site is, is replaced, and what it led to stays", async () => {
    await using server = await startSshd();
    await deliver(server, sshSetting(type, server));
    const outside = join(server.home, "passwords");
    writeFileSync(outside, "secret");
    chownSync(outside, server.uid, server.uid);
    for (const path of ["assets/0.css", "assets/1.css"]) {
      unlinkSync(join(server.root, path));
      symlinkSync(outside, join(server.root, path));
    }
    workspace.publish({ "assets/0.css": "changed", "assets/1.css": null });
    await expectConverges(workspace, server);
    expect(readFileSync(outside, "utf8")).toBe("secret");
    expect(readdirSync(dirname(server.root)).sort()).toEqual([".smartsync", "html"]);
  });
});

describe("a server without rsync", () => {
  test("is an error that says what to do, with nothing touched", async () => {
    await using server = await startSshd({ rsync: "none" });
    workspace.configure({ web1: sshSetting("rsync", server) });
    publishPages();
    const { output } = await expectPush(workspace, 1);
    expect(output).toMatch(
      /there is no rsync on deploy@127\.0\.0\.1[\s\S]*\[rsync-missing\][\s\S]*hint: .*fallback: sftp/,
    );
    expect(treeOf(server.root)).toEqual({});
  });

  test("is delivered to over SFTP where that is allowed, with a warning", async () => {
    await using server = await startSshd({ rsync: "none" });
    workspace.configure({ web1: sshSetting("rsync", server, { fallback: "sftp" }) });
    publishPages();
    const { output } = await expectPush(workspace, 0);
    expect(output).toMatch(/warning: .*rsync/);
    await expectConverges(workspace, server);
  });
});
