import type { Change } from "./change.ts";
import type { Refusal } from "./guard.ts";
import type { RelPath } from "./rel-path.ts";

/** The steps of a delivery, in the order they are carried out; one starts only when the one before succeeded. */
export const PHASES = ["assets", "pages", "deletions", "replacements"] as const;

/** The name of a step. */
export type PhaseName = (typeof PHASES)[number];

/**
 * A step of a plan. "replacements" holds files whose path was blocked by a file or directory that "deletions" takes
 * away; it is the only one that puts after deletions, and is absent from nearly every plan.
 */
export interface Phase {
  readonly name: PhaseName;
  readonly changes: readonly Change[];
}

/** Counts and bytes of a plan. */
export interface PlanTotals {
  readonly puts: number;
  readonly putBytes: number;
  readonly deletes: number;
  readonly deleteBytes: number;
  readonly unchanged: number;
  readonly unchangedBytes: number;
  /** Files that left the site and stay on the target for a while, all together; absent where there are none. */
  readonly kept?: number;
}

/**
 * What a plan does about files that left the site and stay on the target for a while. Nothing is done to the files: it
 * is noted in the manifest.
 */
export interface Keeping {
  /** How long they stay, in words: "7 days". Absent where none is to stay any more. */
  readonly grace?: string;
  /** Files that begin to be kept, in path order. */
  readonly begins: readonly RelPath[];
  /** Files that are back in the site, in path order. */
  readonly ends: readonly RelPath[];
}

/** What a delivery would do to one target: plain JSON data, bound to the source and target state it was made from. */
export interface Plan {
  readonly format: 1;
  readonly site: string;
  readonly target: string;
  readonly base: { readonly sourceHash: string; readonly targetState: string };
  readonly phases: readonly Phase[];
  /** Reasons not to carry it out. A plan with any is never applied. */
  readonly refusals: readonly Refusal[];
  /**
   * Directories that hold nothing any more, deepest first. They are removed right after the phase "deletions": a
   * replacement may need the name of one.
   */
  readonly emptied: readonly string[];
  /** Absent when it does nothing about kept files. */
  readonly keeping?: Keeping;
  readonly totals: PlanTotals;
}
