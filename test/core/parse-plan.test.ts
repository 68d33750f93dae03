import { describe, expect, test } from "vitest";
import { parsePlan } from "../../src/core/parse-plan.ts";
import type { Plan } from "../../src/core/plan.ts";
import { relPath, sha256 } from "./snapshots.ts";

const file = {
  path: relPath("お知らせ.html"),
  size: 3,
  sha256: sha256("new"),
  mtimeMs: 1_790_000_000_000,
  mode: 0o644,
};

const plan: Plan = {
  format: 1,
  site: "corporate",
  target: "web1",
  base: { sourceHash: sha256("source"), targetState: "7:4f1c" },
  phases: [
    { name: "pages", changes: [{ kind: "put", file, reason: "new" }] },
    { name: "deletions", changes: [{ kind: "delete", path: relPath("old/旧.html"), size: 5 }] },
  ],
  refusals: [
    {
      guard: "delete-limit",
      message: "would delete 1 of 2 files (50%); the limit is 25%",
      paths: ["old/旧.html"],
      count: 1,
    },
  ],
  emptied: ["old"],
  totals: { puts: 1, putBytes: 3, deletes: 1, deleteBytes: 5, unchanged: 1, unchangedBytes: 10 },
};

/** The stored plan with one text replaced by another. */
function edited(from: string, to: string): unknown {
  const text = JSON.stringify(plan);
  expect(text).toContain(from);
  return JSON.parse(text.replace(from, to));
}

describe("parsePlan", () => {
  test("reads what was stored", () => {
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  test.each([
    ["a file to send", "お知らせ.html", "../お知らせ.html", "phases.0.changes.0.file.path"],
    ["a file to send, from the root", "お知らせ.html", "/etc/passwd", "phases.0.changes.0.file.path"],
    ["a file to delete", '"path":"old/旧.html"', '"path":"old/../../旧.html"', "phases.1.changes.0.path"],
    ["a directory to remove", '["old"]', '[".."]', "emptied.0"],
    ["the whole site as a directory to remove", '["old"]', '[""]', "emptied.0"],
  ])("refuses a path outside the site as %s", (_, from, to, where) => {
    expect(() => parsePlan(edited(from, to))).toThrow(`${where}: is not a path below the site's root`);
  });

  test.each([
    ["files to send among the deletions", '"name":"pages"', '"name":"deletions"', "holds more than deletes"],
    ["a phase in the wrong place", '"name":"pages"', '"name":"replacements"', "out of order"],
    ["deletions among the assets", '"name":"deletions"', '"name":"replacements"', "holds more than puts"],
    ["totals that hide a deletion", '"deletes":1', '"deletes":0', "totals.deletes"],
    ["totals that hide bytes", '"putBytes":3', '"putBytes":1', "totals.putBytes"],
    ["an unknown guard", "delete-limit", "no-such-guard", "refusals.0.guard"],
    ["an unknown key", '"site"', '"sites":[],"site"', "sites"],
    ["no hash", sha256("new"), "", "sha256: is not a SHA-256"],
  ])("refuses %s", (_, from, to, why) => {
    expect(() => parsePlan(edited(from, to))).toThrow(why);
  });

  test("says when a plan is of a newer smartsync", () => {
    expect(() => parsePlan(edited('"format":1', '"format":2'))).toThrow("the plan was written by a newer smartsync");
  });

  test.each([null, [], "plan", {}, { format: 1 }])("refuses %j, which is no plan", (json) => {
    expect(() => parsePlan(json)).toThrow("the plan is not valid");
  });
});
