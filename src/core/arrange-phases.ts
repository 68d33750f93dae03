import { type Change, pathOf } from "./change.ts";
import { clashTest } from "./clash-test.ts";
import type { PlanPolicy } from "./make-plan.ts";
import type { NameRules } from "./names.ts";
import { PHASES, type Phase, type PhaseName } from "./plan.ts";

/** Sorts changes into the phases of a delivery, keeping their order within each; phases with nothing to do are left out. */
export function arrangePhases(
  changes: readonly Change[],
  { isPage }: Pick<PlanPolicy, "isPage">,
  names: NameRules,
): Phase[] {
  // What can be sent only after the deletions.
  const isBlocked = clashTest(changes.filter(({ kind }) => kind === "delete").map(pathOf), names);
  const phases: Record<PhaseName, Change[]> = { assets: [], pages: [], deletions: [], replacements: [] };
  for (const change of changes) {
    if (change.kind === "delete") phases.deletions.push(change);
    else if (isBlocked(change.file.path)) phases.replacements.push(change);
    else phases[isPage(change.file.path) ? "pages" : "assets"].push(change);
  }
  return PHASES.map((name) => ({ name, changes: phases[name] })).filter((phase) => phase.changes.length > 0);
}
