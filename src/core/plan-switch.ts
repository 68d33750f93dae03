import type { Change } from "./change.ts";
import { countChanges } from "./make-plan.ts";
import type { Plan } from "./plan.ts";
import { inPathOrder, type RelPath } from "./rel-path.ts";
import type { RemoteFile, RemoteSnapshot } from "./snapshot.ts";

/**
 * What switching a target from what it is known to hold to another version does to each file, as a plan: so that it is
 * written down before, like every delivery. A file of which nobody knows what it will be then is told as deleted.
 */
export function planSwitch(
  { site, target }: Pick<Plan, "site" | "target">,
  now: RemoteSnapshot,
  then: ReadonlyMap<RelPath, RemoteFile>,
): Plan {
  const changes: Change[] = [];
  let unchangedBytes = 0;
  for (const { path, size, sha256 } of inPathOrder(then.values())) {
    const is = now.files.get(path);
    if (sha256 === null) changes.push({ kind: "delete", path, size: is?.size ?? 0 });
    else if (is?.sha256 === sha256) unchangedBytes += size;
    else changes.push({ kind: "put", file: { path, size, sha256, mtimeMs: 0, mode: 0 }, reason: "content" });
  }
  const unchanged = then.size - changes.length;
  for (const { path, size } of inPathOrder(now.files.values())) {
    if (!then.has(path)) changes.push({ kind: "delete", path, size });
  }
  return {
    format: 1,
    site,
    target,
    base: { sourceHash: "", targetState: now.state },
    phases: changes.length === 0 ? [] : [{ name: "pages", changes }],
    refusals: [],
    emptied: [],
    totals: { ...countChanges(changes), unchanged, unchangedBytes },
  };
}
