import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const SITE = { "index.html": "古い", "記事/一.html": "<p>一</p>", "assets/site.css": "body{}" };

let workspace: Workspace;
let www: (name: string) => string;
beforeEach(() => {
  workspace = makeWorkspace();
  www = (name) => join(workspace.dir, name);
  const local = (path: string) => ({ type: "local", path });
  workspace.configure({ 東: local("./east"), 西: local("./west") }, { publish: "together" });
  workspace.publish(SITE);
});
afterEach(() => workspace[Symbol.dispose]());

async function push(code: number, ...args: string[]) {
  const result = await workspace.run(["push", "--yes", "--json", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(code);
  const done = eventsOf(result).at(-1);
  if (done?.type !== "done") throw new Error(`no done event: ${result.stdout}`);
  return { result, done };
}

test("both targets are published together, and each delivery after the first sends only what changed", async () => {
  const { result, done } = await push(0);
  const types = eventsOf(result).map(({ type }) => type);
  expect(types.lastIndexOf("staged")).toBeLessThan(types.indexOf("file-put"));
  expect(done.targets).toMatchObject([{ uploaded: 3 }, { uploaded: 3 }]);
  for (const name of ["east", "west"]) expect(treeOf(www(name))).toEqual(treeOf(workspace.source));
  workspace.publish({ "index.html": "新しい", "記事/一.html": null });
  expect((await push(0, "--allow", "delete-limit")).done.targets).toMatchObject([
    { uploaded: 1, deleted: 1, unchanged: 1 },
    { uploaded: 1, deleted: 1, unchanged: 1 },
  ]);
  for (const name of ["east", "west"]) expect(treeOf(www(name))).toEqual(treeOf(workspace.source));
  expect((await push(0)).done.targets).toMatchObject([{ outcome: "unchanged" }, { outcome: "unchanged" }]);
});

test("when one can't be staged, both stay as they are, the history says so, and the next run delivers", async () => {
  await push(0);
  // Somebody put a file where the site needs a directory.
  writeFileSync(join(www("west"), "新着"), "邪魔");
  workspace.publish({ "index.html": "新しい", "新着/二.html": "二" });
  const { done } = await push(1);
  expect(done).toMatchObject({
    outcome: "failed",
    targets: [
      { target: "東", outcome: "failed", uploaded: 0, failure: { code: "held-back" } },
      { target: "西", outcome: "failed", uploaded: 0, failure: { message: expect.stringContaining("新着") } },
    ],
  });
  expect(treeOf(www("east"))["index.html"]).toBe(Buffer.from("古い").toString("latin1"));
  expect(treeOf(www("west"))["index.html"]).toBe(Buffer.from("古い").toString("latin1"));
  const shown = await workspace.run(["show"]);
  expect(shown.stdout).toContain("held-back");
  rmSync(join(www("west"), "新着"));
  await push(0);
  for (const name of ["east", "west"]) expect(treeOf(www(name))).toEqual(treeOf(workspace.source));
});

test("a target that can't even be looked at holds the other back", async () => {
  await push(0);
  workspace.publish({ "index.html": "新しい" });
  renameSync(www("west"), www("aside"));
  writeFileSync(www("west"), "not a directory");
  const { done } = await push(1);
  expect(done.targets).toContainEqual(
    expect.objectContaining({ target: "東", failure: expect.objectContaining({ code: "held-back" }) }),
  );
  expect(treeOf(www("east"))["index.html"]).toBe(Buffer.from("古い").toString("latin1"));
  rmSync(www("west"));
  renameSync(www("aside"), www("west"));
  await push(0);
  for (const name of ["east", "west"]) expect(treeOf(www(name))).toEqual(treeOf(workspace.source));
});
