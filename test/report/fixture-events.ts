import type { Change, PutChange, PutReason } from "../../src/core/change.ts";
import type { Plan } from "../../src/core/plan.ts";
import { parseRelPath, type RelPath } from "../../src/core/rel-path.ts";

/** A path that is one, or a failed test. */
export function rel(path: string): RelPath {
  const parsed = parseRelPath(path);
  if (parsed === undefined) throw new Error(`"${path}" is no relative path`);
  return parsed;
}

/** A file to send. */
export function put(path: string, size: number, reason: PutReason = "new"): PutChange {
  return { kind: "put", reason, file: { path: rel(path), size, sha256: "0".repeat(64), mtimeMs: 0, mode: 0o644 } };
}

/** A file to delete. */
export function del(path: string, size = 0): Change {
  return { kind: "delete", path: rel(path), size };
}

/** A plan of these changes, in three phases: what is no page, pages, deletions. */
export function planOf(changes: readonly Change[], parts: Partial<Plan> = {}): Plan {
  const puts = changes.filter((change) => change.kind === "put");
  const deletes = changes.filter((change) => change.kind === "delete");
  const isPage = (change: Change) => change.kind === "put" && change.file.path.endsWith(".html");
  const phases = [
    { name: "assets", changes: puts.filter((change) => !isPage(change)) },
    { name: "pages", changes: puts.filter(isPage) },
    { name: "deletions", changes: deletes },
  ] as const;
  return {
    format: 1,
    site: "corporate",
    target: "web1",
    base: { sourceHash: "a".repeat(64), targetState: "3:0123456789ab" },
    phases: phases.filter((phase) => phase.changes.length > 0),
    refusals: [],
    emptied: [],
    totals: {
      puts: puts.length,
      putBytes: puts.reduce((sum, { file }) => sum + file.size, 0),
      deletes: deletes.length,
      deleteBytes: deletes.reduce((sum, { size }) => sum + size, 0),
      unchanged: 9171,
      unchangedBytes: 1_200_000_000,
    },
    ...parts,
  };
}
