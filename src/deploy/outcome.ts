import type { Ctx } from "../core/context.ts";
import type { Outcome } from "../core/events.ts";
import type { PurgeResult } from "../core/purge-result.ts";
import type { SmartsyncError } from "../lib/errors.ts";

/**
 * How a run ended, from how its targets and its purges did. A purge that failed, or that visitors see nothing of, makes
 * a good delivery a partial one; a run without targets is what its purges are.
 */
export function outcomeOf(targets: readonly Outcome[], purges: readonly PurgeResult[] = []): Outcome {
  if (purges.some(({ failure }) => failure?.kind === "aborted")) return "aborted";
  const delivered = targets.length === 0 ? outcomeOfPurges(purges) : outcomeOfTargets(targets);
  const isGood = delivered === "done" || delivered === "unchanged";
  return isGood && purges.some(isBad) ? "partial" : delivered;
}

function isBad({ outcome, check }: PurgeResult): boolean {
  return outcome === "failed" || check?.outcome === "stale";
}

function outcomeOfPurges(purges: readonly PurgeResult[]): Outcome {
  if (purges.length > 0 && purges.every(({ outcome }) => outcome === "failed")) return "failed";
  return purges.every(({ outcome }) => outcome === "nothing") ? "unchanged" : "done";
}

/** What the targets agree on, or else "partial", unless nothing was delivered. */
function outcomeOfTargets(targets: readonly Outcome[]): Outcome {
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
