import type { Change } from "./change.ts";
import type { Refusal } from "./guard.ts";

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
  readonly totals: PlanTotals;
}
