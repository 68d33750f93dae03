import { expect, test } from "vitest";
import { arrangePhases } from "../../src/core/arrange-phases.ts";
import type { Change } from "../../src/core/change.ts";
import { findCollisions } from "../../src/core/collisions.ts";
import type { NameRules } from "../../src/core/names.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";
import { local, relPath } from "./snapshots.ts";

const tree: NameRules = {
  foldsCase: false,
  foldsUnicode: false,
  maxSegmentBytes: 255,
  maxPathBytes: 1024,
  windows: false,
};
const flat: NameRules = { ...tree, flat: true };

const put = (file: FileMeta): Change => ({ kind: "put", file, reason: "new" });
const puts = [...local({ 会社: "1", "会社/index.html": "1" }).files.values()].map(put);

test("where there are only names, a file may have the name of a directory", () => {
  const paths = puts.map((change) => (change.kind === "put" ? change.file.path : change.path));
  expect(findCollisions(puts, paths, flat)).toEqual([]);
  expect(findCollisions(puts, paths, tree)).toEqual([{ kind: "inside", paths }]);
});

test("where there are only names, none has to be free before another is sent", () => {
  const [file] = puts;
  if (file === undefined) throw new Error("nothing is sent");
  const changes: Change[] = [file, { kind: "delete", path: relPath("会社/old.html"), size: 1 }];
  const phasesOf = (names: NameRules) => arrangePhases(changes, { isPage: () => true }, names).map(({ name }) => name);
  expect(phasesOf(flat)).toEqual(["pages", "deletions"]);
  expect(phasesOf(tree)).toEqual(["deletions", "replacements"]);
});
