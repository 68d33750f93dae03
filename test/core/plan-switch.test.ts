import { expect, test } from "vitest";
import { pathOf } from "../../src/core/change.ts";
import { planSwitch } from "../../src/core/plan-switch.ts";
import type { RemoteFile } from "../../src/core/snapshot.ts";
import { relPath } from "../doubles/site-file.ts";

function filesOf(files: Record<string, string | null>): Map<ReturnType<typeof relPath>, RemoteFile> {
  const entries = Object.entries(files).map(([path, sha256]): RemoteFile => ({ path: relPath(path), size: 2, sha256 }));
  return new Map(entries.map((file) => [file.path, file]));
}

test("a switch names every file that is another one afterwards, or of which nobody knows", () => {
  const now = filesOf({ same: "a", "変わる.html": "b", gone: "c", "unknown now": null, "unknown both": null });
  const then = filesOf({ same: "a", "変わる.html": "d", come: "e", "unknown now": "f", "unknown both": null });
  const plan = planSwitch({ site: "corporate", target: "web1" }, { files: now, state: "7:abc" }, then);
  const changes = plan.phases.flatMap((phase) => phase.changes);
  const told = changes.map((change) => `${change.kind} ${pathOf(change)}`);
  expect(told.sort()).toEqual(["delete gone", "delete unknown both", "put come", "put unknown now", "put 変わる.html"]);
  expect(plan).toMatchObject({ base: { targetState: "7:abc" }, totals: { puts: 3, deletes: 2, unchanged: 1 } });
});

test("a switch to the same content names nothing", () => {
  const files = filesOf({ a: "1", "b/c": "2" });
  expect(planSwitch({ site: "s", target: "t" }, { files, state: "1:x" }, new Map(files)).phases).toEqual([]);
});
