import type { Outcome } from "../core/events.ts";

/** How a run ended, from how its targets did: what they agree on, or "partial" when they don't. */
export function outcomeOf(targets: readonly Outcome[]): Outcome {
  const distinct = new Set(targets);
  if (distinct.has("aborted")) return "aborted";
  const [only] = distinct;
  if (only !== undefined && distinct.size === 1) return only;
  return [...distinct].every((outcome) => outcome === "done" || outcome === "unchanged") ? "done" : "partial";
}
