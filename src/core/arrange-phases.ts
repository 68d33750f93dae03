import type { Change } from "./change.ts";
import type { PlanPolicy } from "./make-plan.ts";
import { foldingOf, type NameRules } from "./names.ts";
import { PHASES, type Phase, type PhaseName } from "./plan.ts";
import { directoriesOf, parentsOf } from "./rel-path.ts";

/** Sorts changes into the phases of a delivery, keeping their order within each; phases with nothing to do are left out. */
export function arrangePhases(
  changes: readonly Change[],
  { isPage }: Pick<PlanPolicy, "isPage">,
  names: NameRules,
): Phase[] {
  const isBlocked = blockedTest(changes, names);
  const phases: Record<PhaseName, Change[]> = { assets: [], pages: [], deletions: [], replacements: [] };
  for (const change of changes) {
    if (change.kind === "delete") phases.deletions.push(change);
    else if (isBlocked(change.file.path)) phases.replacements.push(change);
    else phases[isPage(change.file.path) ? "pages" : "assets"].push(change);
  }
  return PHASES.map((name) => ({ name, changes: phases[name] })).filter((phase) => phase.changes.length > 0);
}

/**
 * Tells which files can be sent only after the deletions: those whose place, or that of a directory above them, a file
 * to be deleted takes, and those in the place of a directory. Names are compared as the target does it.
 */
function blockedTest(changes: readonly Change[], names: NameRules): (path: string) => boolean {
  const fold = foldingOf(names);
  const deleted = new Set<string>();
  for (const change of changes) if (change.kind === "delete") deleted.add(fold(change.path));
  if (deleted.size === 0) return () => false;
  const directories = directoriesOf(deleted);
  return (path) => {
    const name = fold(path);
    return deleted.has(name) || directories.has(name) || parentsOf(name).some((parent) => deleted.has(parent));
  };
}
