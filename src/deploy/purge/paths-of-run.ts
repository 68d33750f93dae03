import type { PurgeScope } from "../../core/purge-note.ts";
import { parseRelPath, type RelPath } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { RunStore } from "../../state/run-store.ts";

/**
 * What a run of this machine's history changed, by target. Everything, where it switched a target to another release:
 * which files differ is not in the history. Throws "run-unknown" (kind config).
 */
export function pathsOfRun(runs: RunStore, site: string, idStart: string): ReadonlyMap<string, PurgeScope> {
  const [run, ...others] = runs.find(idStart).filter((each) => each.site === site);
  if (run === undefined || others.length > 0) {
    const what = run === undefined ? `no run of "${site}" begins with` : `several runs of "${site}" begin with`;
    throw new SmartsyncError(`${what} ${idStart}`, {
      kind: "config",
      code: "run-unknown",
      hint: "`smartsync history` lists the runs made from this machine",
    });
  }
  const changed = new Map<string, Set<RelPath>>();
  const switched = new Set<string>();
  for (const { event } of runs.events(run.id)) {
    if (event.type === "switched") switched.add(event.target);
    if (event.type !== "file-put" && event.type !== "file-deleted") continue;
    const paths = changed.get(event.target) ?? new Set();
    const path = parseRelPath(event.path);
    if (path !== undefined) paths.add(path);
    changed.set(event.target, paths);
  }
  const scopes = new Map<string, PurgeScope>(changed);
  for (const target of switched) scopes.set(target, "everything");
  return scopes;
}
