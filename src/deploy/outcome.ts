import type { Ctx } from "../core/context.ts";
import type { Outcome } from "../core/events.ts";
import type { SmartsyncError } from "../lib/errors.ts";

/** How a run ended, from how its targets did: what they agree on, or else "partial", unless nothing was delivered. */
export function outcomeOf(targets: readonly Outcome[]): Outcome {
  const distinct = new Set(targets);
  if (distinct.has("aborted")) return "aborted";
  const [only] = distinct;
  if (only !== undefined && distinct.size === 1) return only;
  const good = [...distinct].filter((outcome) => outcome === "done" || outcome === "unchanged");
  if (good.length === distinct.size) return "done";
  return good.length > 0 || distinct.has("partial") ? "partial" : "failed";
}

/** How a target ended that this error stopped. */
export function outcomeFor({ code, kind }: SmartsyncError, { signal }: Ctx): Outcome {
  if (signal.aborted) return "aborted";
  if (code === "locked") return "locked";
  // After a delivery: it is complete all the same.
  return code === "hook-failed" && kind === "partial" ? "partial" : "failed";
}
