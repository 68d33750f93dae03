import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const servers: SshServer[] = [];
beforeAll(async () => {
  servers.push(await startSshd(), await startSshd());
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

let site: Workspace;
beforeEach(() => {
  for (const { root } of servers) {
    for (const gone of [root, `${root}.releases`, join(root, "../.smartsync")]) {
      rmSync(gone, { recursive: true, force: true });
    }
  }
  site = makeWorkspace();
  site.configure(Object.fromEntries(servers.map((server, at) => [`web${at + 1}`, settingOf(server)])));
  onTestFinished(() => site[Symbol.dispose]());
});

function settingOf({ host, port, user, key, knownHosts, path }: SshServer): Record<string, unknown> {
  return { type: "sftp", host, port, user, key, knownHosts, path, sshConfig: false, releases: true };
}

/** What visitors of a server see. */
function seen(at = 0): Record<string, string> {
  return treeOf(servers[at]?.root ?? "");
}

/** Delivers a version of the site; gives the name of its run. */
async function push(files: Record<string, string | null>): Promise<string> {
  site.publish(files);
  const result = await site.run(["push", "--json", "--allow", "delete-limit"]);
  expect(result.code, result.stderr + result.stdout).toBe(0);
  return String(eventsOf(result).at(-1)?.run);
}

async function runs(...args: string[]): Promise<{ code: number | null; out: string }> {
  const { code, stdout, stderr } = await site.run(args);
  return { code, out: stdout + stderr };
}

test("a rollback shows the release before on every target, and says honestly how it differs from the source", async () => {
  const first = await push({ "index.html": "1", "old.html": "old" });
  const second = await push({ "index.html": "2", "old.html": null, "新着.html": "new" });
  expect(await runs("rollback")).toMatchObject({ code: 0, out: expect.stringContaining(`${second} → ${first}`) });
  for (const at of [0, 1]) expect(seen(at)).toEqual({ "index.html": "1", "old.html": "old" });

  expect(await runs("plan", "--exit-code", "--allow", "delete-limit")).toMatchObject({
    code: 10,
    out: expect.stringContaining("新着.html"),
  });
  expect(await runs("history")).toMatchObject({ out: expect.stringContaining("delivered") });
  expect(await runs("show")).toMatchObject({ out: expect.stringContaining("rollback by") });
  await push({});
  for (const at of [0, 1]) expect(Object.keys(seen(at)).sort()).toEqual(["index.html", "新着.html"]);
  expect(await runs("plan", "--exit-code")).toMatchObject({ code: 0 });
});

test("one can go to any release by the beginning of its name, and forward again", async () => {
  const names = [
    await push({ "index.html": "1" }),
    await push({ "index.html": "2" }),
    await push({ "index.html": "3" }),
  ];
  for (const at of [0, 2, 1]) {
    expect(await runs("rollback", "--to", names[at]?.slice(0, -2) ?? "", "--yes")).toMatchObject({ code: 0 });
    expect(seen()).toEqual({ "index.html": `${at + 1}` });
  }
  expect(await runs("rollback", "--to", names[1] ?? "")).toMatchObject({
    code: 0,
    out: expect.stringContaining("serves it already"),
  });
  const list = await site.run(["rollback", "--list", "--target", "web1", "--json"]);
  expect(eventsOf(list)).toEqual([
    {
      type: "releases",
      target: "web1",
      releases: names.toReversed().map((name) => ({ name, current: name === names[1], recorded: true })),
    },
  ]);
});

test("a release that is gone takes its record with it, and those that are kept can all be gone back to", async () => {
  const [web1] = servers;
  if (web1 === undefined) throw new Error("there are two servers");
  site.configure({ web1: { ...settingOf(web1), keep: 1 } });
  for (const text of ["1", "2", "3", "4"]) await push({ "index.html": text });
  const list = eventsOf(await site.run(["rollback", "--list", "--json"]))[0]?.releases;
  expect(list).toMatchObject([{ recorded: true }, { recorded: true }]);
  expect(await runs("rollback")).toMatchObject({ code: 0 });
  expect(seen()).toEqual({ "index.html": "3" });
  expect(await runs("rollback")).toMatchObject({ code: 1, out: expect.stringContaining("no-older-release") });
  await push({});
  const state = join(web1.root, "../.smartsync/html");
  const manifests = existsSync(state) ? treeOf(state) : {};
  expect(Object.keys(manifests).filter((name) => name.startsWith("manifest-")).length).toBeLessThanOrEqual(4);
});

test("when one target can't be switched, none is", async () => {
  const first = await push({ "index.html": "1" });
  await push({ "index.html": "2" });
  rmSync(join(`${servers[1]?.root}.releases`, first), { recursive: true });
  expect(await runs("rollback", "--to", first)).toMatchObject({
    code: 2,
    out: expect.stringContaining("release-unknown"),
  });
  for (const at of [0, 1]) expect(seen(at)).toEqual({ "index.html": "2" });
  expect(await runs("plan", "--exit-code")).toMatchObject({ code: 0 });
});

test("targets without releases are not rolled back, and it says so", async () => {
  site.configure({ copy: { type: "local", path: "./published" } });
  await push({ "index.html": "1" });
  expect(await runs("rollback")).toMatchObject({ code: 2, out: expect.stringContaining("no-releases") });
  expect(await runs("convert", "copy")).toMatchObject({ code: 2, out: expect.stringContaining("no-releases") });
});

test("a plain document root is converted on request only, and what is known of it stays known", async () => {
  const [web1] = servers;
  if (web1 === undefined) throw new Error("there are two servers");
  site.configure({ web1: { ...settingOf(web1), releases: false } });
  await push({ "index.html": "1", "uploads/頁.html": "頁" });
  site.configure({ web1: settingOf(web1) });
  expect(await runs("plan", "--exit-code")).toMatchObject({ code: 0 });
  site.publish({ "index.html": "2" });
  expect(await runs("push")).toMatchObject({ code: 1, out: expect.stringContaining("docroot-is-directory") });
  expect(await runs("convert")).toMatchObject({ code: 4, out: expect.stringContaining("html.releases/before-") });
  expect(lstatSync(web1.root).isDirectory()).toBe(true);

  expect(await runs("convert", "web1", "--yes")).toMatchObject({ code: 0 });
  expect(lstatSync(web1.root).isSymbolicLink()).toBe(true);
  expect(await runs("convert", "web1")).toMatchObject({ code: 0, out: expect.stringContaining("nothing to do") });
  const plan = await site.run(["push", "--json"]);
  expect(eventsOf(plan).at(-1)).toMatchObject({ outcome: "done", targets: [{ uploaded: 1, unchanged: 1 }] });
  expect(await runs("rollback")).toMatchObject({ code: 0 });
  expect(readFileSync(join(web1.root, "index.html"), "utf8")).toBe("1");
  const again = await site.run(["push", "--json"]);
  expect(eventsOf(again).at(-1)).toMatchObject({ outcome: "done", targets: [{ uploaded: 1, unchanged: 1 }] });
});
