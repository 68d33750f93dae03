import { arrangePhases } from "./arrange-phases.ts";
import { bytesToSend, type Change, pathOf } from "./change.ts";
import { checkGuards } from "./check-guards.ts";
import type { DiffPolicy } from "./diff.ts";
import { type GracePolicy, spareLeaving } from "./grace.ts";
import type { GuardName } from "./guard.ts";
import type { NameRules } from "./names.ts";
import type { Plan, PlanTotals } from "./plan.ts";
import { directoriesOf, type RelPath } from "./rel-path.ts";
import type { ScanProblem } from "./scan-problem.ts";
import { hashSnapshot, type RemoteSnapshot, type Snapshot } from "./snapshot.ts";

/** What a site's owner wants of its plans, and what was allowed this once. */
export interface PlanPolicy extends DiffPolicy {
  /** Pages are sent after everything they may refer to. */
  isPage(path: string): boolean;
  /** Files that may be neither replaced nor deleted once the target holds them. */
  isProtected(path: string): boolean;
  /** Most files to delete, as a share of those the target is known to hold, and as a number. */
  readonly maxDeletePercent: number;
  readonly maxDeleteCount: number;
  /** By how much the source may hold fewer files than the target is known to. */
  readonly maxShrinkPercent: number;
  /** How long files that left the site stay on the target, pages excepted; absent, they are deleted at once. */
  readonly grace?: GracePolicy;
  /** Guards overridden this once. */
  readonly allow: ReadonlySet<GuardName>;
}

/** What a plan is made from. */
export interface PlanInput {
  readonly site: string;
  readonly target: string;
  /** Holds nothing that the policy excludes. */
  readonly local: Snapshot;
  readonly remote: RemoteSnapshot;
  /** What `diff` gave for these two and this policy. */
  readonly changes: readonly Change[];
  readonly policy: PlanPolicy;
  readonly names: NameRules;
  readonly problems: readonly ScanProblem[];
}

/** Puts the changes in the order in which the public site is whole at every moment, and says what speaks against them. */
export function makePlan(given: PlanInput): Plan {
  const { site, target, local, remote } = given;
  const { changes, keeping, kept } = spareLeaving(given);
  const input = { ...given, changes };
  const after = changes.length === 0 ? remote.files : pathsAfter(remote, changes);
  return {
    format: 1,
    site,
    target,
    base: { sourceHash: hashSnapshot(local), targetState: remote.state },
    phases: arrangePhases(changes, input.policy, input.names),
    refusals: checkGuards(input, after.keys()),
    emptied: findEmptied(changes, after.keys()),
    ...(keeping && { keeping }),
    totals: { ...countChanges(changes), ...countUnchanged(input), ...(kept > 0 && { kept }) },
  };
}

/** What the target is to hold then. */
function pathsAfter({ files }: RemoteSnapshot, changes: readonly Change[]): ReadonlySet<RelPath> {
  const after = new Set(files.keys());
  for (const change of changes) {
    if (change.kind === "put") after.add(change.file.path);
    else after.delete(change.path);
  }
  return after;
}

/** How many changes of each kind, and their bytes. */
export function countChanges(changes: Iterable<Change>): Omit<PlanTotals, "unchanged" | "unchangedBytes" | "kept"> {
  const totals = { puts: 0, putBytes: 0, deletes: 0, deleteBytes: 0 };
  for (const change of changes) {
    if (change.kind === "put") {
      totals.puts++;
      totals.putBytes += bytesToSend(change);
    } else {
      totals.deletes++;
      totals.deleteBytes += change.size;
    }
  }
  return totals;
}

/** The files of the source, or of what was selected of it, that the target needs no change for. */
function countUnchanged({ local, changes, policy }: PlanInput): Pick<PlanTotals, "unchanged" | "unchangedBytes"> {
  const totals = { unchanged: 0, unchangedBytes: 0 };
  for (const { path, size } of local.files.values()) {
    if (policy.only !== undefined && !policy.only(path)) continue;
    totals.unchanged++;
    totals.unchangedBytes += size;
  }
  for (const change of changes) {
    if (change.kind === "delete") continue;
    totals.unchanged--;
    totals.unchangedBytes -= change.file.size;
  }
  return totals;
}

function findEmptied(changes: readonly Change[], after: Iterable<RelPath>): string[] {
  const losing = directoriesOf(changes.filter(({ kind }) => kind === "delete").map(pathOf));
  if (losing.size === 0) return [];
  const holding = directoriesOf(after);
  const depth = (directory: string) => directory.split("/").length;
  return [...losing]
    .filter((directory) => !holding.has(directory))
    .sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1));
}
