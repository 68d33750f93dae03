import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { directoriesOf, eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const site = {
  "index.html": '<a href="https://cms.example.jp/記事/一.html">一</a>',
  "about.html": "<h1>会社概要</h1>",
  "記事/一.html": "<p>一</p>",
  "記事/二.html": "<p>二</p>",
  "assets/site.css": "body{}",
  "assets/画像/桜.svg": "<svg/>",
};

let workspace: Workspace;
let www: string;
beforeEach(() => {
  workspace = makeWorkspace();
  www = join(workspace.dir, "www");
  workspace.configure({ www: { type: "local", path: "./www" } });
  workspace.publish(site);
});
afterEach(() => workspace[Symbol.dispose]());

async function push(code: number, ...args: string[]) {
  const result = await workspace.run(["push", "--yes", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(code);
  return result;
}

async function plan(code: number, ...args: string[]) {
  const result = await workspace.run(["plan", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(code);
  return result;
}

/** What the last event of a --json run says of each target. */
function done(result: Awaited<ReturnType<typeof push>>) {
  const last = eventsOf(result).at(-1);
  if (last?.type !== "done") throw new Error(`no done event: ${result.stdout}${result.stderr}`);
  return last as { type: "done"; outcome: string; targets: { uploaded: number; deleted: number; unchanged: number }[] };
}

describe("what is delivered", () => {
  test("the first delivery makes the target the source, and the next one has nothing to do", async () => {
    expect(done(await push(0, "--json"))).toMatchObject({
      outcome: "done",
      targets: [{ target: "www", outcome: "done", uploaded: 6, deleted: 0, unchanged: 0 }],
    });
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
    expect(done(await push(0, "--json")).targets).toMatchObject([{ outcome: "unchanged", uploaded: 0, unchanged: 6 }]);
  });

  test("only what changed is sent, and what is gone is deleted with its directory", async () => {
    await push(0);
    workspace.publish({ "about.html": "<h1>会社案内</h1>", "assets/画像": null, "new.html": "new" });
    expect(done(await push(0, "--json")).targets).toMatchObject([{ uploaded: 2, deleted: 1, unchanged: 4 }]);
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
    expect(directoriesOf(www)).toEqual(directoriesOf(workspace.source));
  });

  test("a rebuild that touches every file and changes none sends nothing", async () => {
    await push(0);
    for (const path of Object.keys(site)) utimesSync(join(workspace.source, path), new Date(), new Date());
    expect(done(await push(0, "--json")).targets).toMatchObject([{ outcome: "unchanged", uploaded: 0 }]);
  });

  test("--force sends everything again", async () => {
    await push(0);
    writeFileSync(join(www, "about.html"), "edited on the server");
    expect(done(await push(0, "--force", "--json")).targets).toMatchObject([{ uploaded: 6, unchanged: 0 }]);
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
  });

  test("links to the CMS become root-relative on the way", async () => {
    workspace.configure({ www: { type: "local", path: "./www" } }, { cmsUrl: "https://cms.example.jp/" });
    await push(0);
    expect(readFileSync(join(www, "index.html"), "utf8")).toBe('<a href="/記事/一.html">一</a>');
    expect(done(await push(0, "--json")).targets).toMatchObject([{ outcome: "unchanged" }]);
  });

  test("--only delivers a folder and leaves the rest of the manifest true", async () => {
    await push(0);
    workspace.publish({ "記事/一.html": "<p>壱</p>", "about.html": "later", "記事/二.html": null });
    expect(done(await push(0, "--only", "/記事/", "--json")).targets).toMatchObject([{ uploaded: 1, deleted: 1 }]);
    expect(readFileSync(join(www, "about.html"), "utf8")).toBe(site["about.html"]);
    expect(done(await push(0, "--json")).targets).toMatchObject([{ uploaded: 1, deleted: 0 }]);
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
  });

  test("a file becomes a directory and a directory a file", async () => {
    workspace.publish({ swap: "a file", "other/page.html": "in a directory" });
    await push(0);
    workspace.publish({ swap: null, other: null });
    workspace.publish({ "swap/page.html": "in a directory", other: "a file" });
    await push(0);
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
    await plan(0, "--exit-code");
  });

  test("excluded files are neither sent nor deleted on the target", async () => {
    await push(0);
    mkdirSync(join(www, "uploads"));
    writeFileSync(join(www, "uploads", "写真.jpg"), "written on the server");
    workspace.configure({ www: { type: "local", path: "./www" } }, { exclude: ["/uploads/", "/記事/"] });
    workspace.publish({ 記事: null, "uploads/x.jpg": "not for the public" });
    expect(done(await push(0, "--json")).targets).toMatchObject([{ outcome: "unchanged" }]);
    expect(Object.keys(treeOf(www))).toContain("uploads/写真.jpg");
    expect(Object.keys(treeOf(www))).toContain("記事/一.html");
    expect(Object.keys(treeOf(www))).not.toContain("uploads/x.jpg");
  });

  test("files that were on the target before the first delivery are left alone", async () => {
    mkdirSync(www);
    writeFileSync(join(www, "old-site.html"), "before smartsync");
    await push(0);
    workspace.publish({ "記事/一.html": null });
    await push(0);
    expect(readFileSync(join(www, "old-site.html"), "utf8")).toBe("before smartsync");
  });

  test("several targets are delivered from one scan, and one that fails does not hold up the other", async () => {
    writeFileSync(join(workspace.dir, "a-file"), "");
    workspace.configure({
      good: { type: "local", path: "./www" },
      bad: { type: "local", path: "./a-file/below" },
    });
    const result = await push(3, "--json");
    expect(done(result)).toMatchObject({
      outcome: "partial",
      targets: expect.arrayContaining([
        expect.objectContaining({ target: "good", outcome: "done", uploaded: 6 }),
        expect.objectContaining({ target: "bad", outcome: "failed" }),
      ]),
    });
    expect(eventsOf(result).filter(({ type }) => type === "scanned")).toHaveLength(1);
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
    await push(0, "--target", "good");
  });
});

describe("what is refused", () => {
  test("an empty source, with nothing touched", async () => {
    await push(0);
    const before = treeOf(www);
    for (const path of ["index.html", "about.html", "記事", "assets"]) workspace.publish({ [path]: null });
    const { stdout, stderr } = await push(4);
    expect(stdout + stderr).toContain("--allow empty-source");
    expect(treeOf(www)).toEqual(before);
  });

  test("too many deletions, until they are allowed once", async () => {
    await push(0);
    workspace.publish({ 記事: null });
    const { stdout, stderr } = await push(4);
    expect(stdout + stderr).toContain("--allow delete-limit");
    expect(existsSync(join(www, "記事/一.html"))).toBe(true);
    await push(0, "--allow", "delete-limit");
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
  });

  test("--yes does not override a guard", async () => {
    await push(0);
    const before = treeOf(www);
    workspace.publish({ 記事: null, assets: null });
    await push(4, "--yes");
    expect(treeOf(www)).toEqual(before);
  });

  test("one target that refuses keeps every target untouched", async () => {
    workspace.configure({ one: { type: "local", path: "./www" }, two: { type: "local", path: "./www2" } });
    await push(0, "--target", "one");
    workspace.publish({ 記事: null });
    await push(4);
    expect(existsSync(join(workspace.dir, "www2"))).toBe(false);
  });

  test("a missing source is an error and never an empty site", async () => {
    await push(0);
    workspace.configure({ www: { type: "local", path: "./www" } }, { source: "./nowhere" });
    const { stderr } = await push(2);
    expect(stderr).toContain("nowhere");
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
  });

  test("records on the target that can't be understood stop the run", async () => {
    await push(0);
    writeFileSync(join(workspace.dir, ".smartsync/www/head.json"), "{");
    workspace.publish({ "about.html": "changed" });
    const { stderr, stdout } = await push(1);
    expect(stdout + stderr).toContain("damaged");
    expect(readFileSync(join(www, "about.html"), "utf8")).toBe(site["about.html"]);
  });

  test("wrong usage is exit code 2 and touches nothing", async () => {
    await push(2, "--alow", "delete-limit");
    await push(2, "--allow", "everything");
    await push(2, "--target", "nowhere");
    await push(2, "no-such-site");
    expect(existsSync(www)).toBe(false);
  });
});

describe("plans", () => {
  test("a plan touches nothing, neither the target nor its records", async () => {
    await plan(0);
    expect(existsSync(www)).toBe(false);
    expect(existsSync(join(workspace.dir, ".smartsync/www"))).toBe(false);
  });

  test("--exit-code says whether there are changes", async () => {
    await plan(10, "--exit-code");
    await push(0);
    await plan(0, "--exit-code");
  });

  test("a stored plan is carried out exactly", async () => {
    await plan(0, "--out", "plan.json");
    await push(0, "--plan", "plan.json");
    expect(treeOf(www)).toEqual(treeOf(workspace.source));
  });

  test("a stored plan is refused when the source has moved", async () => {
    await plan(0, "--out", "plan.json");
    workspace.publish({ "about.html": "moved" });
    const { stderr, stdout } = await push(4, "--plan", "plan.json");
    expect(stdout + stderr).toContain("source has changed");
    expect(existsSync(www)).toBe(false);
  });

  test("a stored plan is refused when the target has moved", async () => {
    await plan(0, "--out", "plan.json");
    await push(0);
    const { stderr, stdout } = await push(4, "--plan", "plan.json");
    expect(stdout + stderr).toContain("target has changed");
  });

  test("a machine without local state makes the same plan", async () => {
    await push(0);
    workspace.publish({ "about.html": "changed", "記事/一.html": null });
    await plan(0, "--out", "with.json");
    rmSync(join(workspace.dir, ".smartsync/state.db"));
    await plan(0, "--out", "without.json");
    const read = (file: string) => JSON.parse(readFileSync(join(workspace.dir, file), "utf8"));
    expect(read("without.json")).toEqual(read("with.json"));
  });
});

test("modes and times of files are kept", async () => {
  workspace.publish({ "search.cgi": "#!/usr/bin/perl\n" });
  chmodSync(join(workspace.source, "search.cgi"), 0o755);
  utimesSync(join(workspace.source, "search.cgi"), 1_700_000_000, 1_700_000_000);
  await push(0);
  const { mode, mtimeMs } = statSync(join(www, "search.cgi"));
  expect([mode & 0o777, mtimeMs]).toEqual([0o755, 1_700_000_000_000]);
});
