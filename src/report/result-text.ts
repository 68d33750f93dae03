import type { DeployEvent, Outcome, TargetResult } from "../core/events.ts";
import type { PurgeResult } from "../core/purge-result.ts";
import { countOf, formatBytes, formatCount, formatDuration, formatRate } from "./quantities.ts";
import { renderFailure } from "./render-failure.ts";
import type { Style } from "./style.ts";
import { printable } from "./text-width.ts";

/** How each outcome is told: a mark, words, and a colour. */
const OUTCOMES: Record<Outcome, { mark: string; words: string; colour: "good" | "caution" | "bad" }> = {
  done: { mark: "✓", words: "delivered", colour: "good" },
  unchanged: { mark: "✓", words: "up to date", colour: "good" },
  partial: { mark: "!", words: "partly delivered", colour: "caution" },
  failed: { mark: "✗", words: "failed", colour: "bad" },
  refused: { mark: "✗", words: "refused", colour: "bad" },
  locked: { mark: "✗", words: "locked by another run", colour: "bad" },
  aborted: { mark: "!", words: "stopped", colour: "caution" },
};

/**
 * What became of a target that had no fault itself, but was to be published together with another that failed, by the
 * code of its failure: the words for it. The failure's message says the rest.
 */
const FOR_OTHERS: Partial<Record<string, string>> = { "held-back": "held back", "put-back": "put back" };

/** "✓ delivered", coloured: how a run ended, or what became of one target. */
export function outcomeText({ outcome, targets, purges = [] }: Ending, style: Style): string {
  const { mark, words, colour } = OUTCOMES[outcome];
  const isPurge = targets.length === 0 && purges.length > 0;
  if (isPurge) return style[colour](`${mark} ${PURGED[outcome] ?? words}`);
  if (outcome !== "partial" || !targets.every(isDelivered)) return style[colour](`${mark} ${words}`);
  const hook = targets.some(({ outcome }) => outcome === "partial") ? "a hook failed" : "";
  const what = [hook, purgeTrouble(purges)].filter((part) => part !== "").join(" and ");
  return style[colour](`${mark} delivered, but ${what}`);
}

/** The same of a run that was there for a purge alone. */
const PURGED: Partial<Record<Outcome, string>> = {
  done: "purged",
  unchanged: "nothing to purge",
  partial: "partly purged",
  failed: "purge failed",
};

/** How a run ended, as far as it is told in a few words. */
type Ending = Pick<Done, "outcome" | "targets"> & { readonly purges?: readonly PurgeResult[] };

function purgeTrouble(purges: readonly PurgeResult[]): string {
  if (purges.some(({ outcome }) => outcome === "failed")) return "a purge failed";
  return purges.some(({ check }) => check?.outcome === "stale") ? "visitors don't see it yet" : "";
}

/** Everything is there, even where a command afterwards failed. */
function isDelivered({ outcome, failure }: TargetResult): boolean {
  return outcome === "done" || outcome === "unchanged" || (outcome === "partial" && failure?.code === "hook-failed");
}

type Done = Extract<DeployEvent, { type: "done" }>;

/** Below this the time goes into everything but the bytes, and a rate would say nothing of the line. */
const RATE_FROM_BYTES = 1_000_000;

/** "812 sent (12.3 MB) · 3 deleted · 9,171 unchanged · 12 s · 1.0 MB/s"; what is zero is left out. */
export function countsText({
  outcome,
  uploaded,
  headers = 0,
  deleted,
  kept = 0,
  unchanged,
  bytes,
  seconds,
}: TargetResult): string {
  if (outcome === "refused" || outcome === "locked") return "nothing was touched";
  const parts = [
    uploaded > 0 ? `${formatCount(uploaded)} sent (${formatBytes(bytes)})` : "",
    headers > 0 ? `${formatCount(headers)} given other headers` : "",
    deleted > 0 ? `${formatCount(deleted)} deleted` : "",
    kept > 0 ? `${formatCount(kept)} kept` : "",
    unchanged > 0 ? `${formatCount(unchanged)} unchanged` : "",
    seconds > 0 ? formatDuration(seconds) : "",
    bytes >= RATE_FROM_BYTES ? formatRate(bytes, seconds) : "",
  ];
  const told = parts.filter((part) => part !== "").join(" · ");
  return told === "" ? (outcome === "unchanged" ? "nothing to do" : "nothing was delivered") : told;
}

/** How one target ended, with its failure and what to do about it. */
export function renderResult(result: TargetResult, style: Style): string[] {
  const { failure } = result;
  const undone = FOR_OTHERS[failure?.code ?? ""];
  if (failure !== undefined && undone !== undefined) {
    const head = `${style.caution(`! ${undone}`)}  ${style.bold(result.target)}`;
    return [head, `  ${printable(failure.message)} ${style.dim(`[${failure.code}]`)}`];
  }
  const { outcome } = result;
  const head = `${outcomeText({ outcome, targets: [result] }, style)}  ${style.bold(result.target)}  ${countsText(result)}`;
  // That it was stopped has been said.
  if (failure === undefined || failure.code === "aborted") return [head];
  return [head, ...renderFailure(failure, style).map((line) => `  ${line}`)];
}

/** The same for whoever was shown the plan a moment ago, with all its refusals. */
export function renderResultAfterPlan({ failure, ...result }: TargetResult, style: Style): string[] {
  return renderResult(result.outcome === "refused" || failure === undefined ? result : { ...result, failure }, style);
}

/** The last words of a run: the whole of it in a line where there are several targets, and what to do next. */
export function renderEnd(event: Done, style: Style): string[] {
  const { outcome, targets, seconds, site, run } = event;
  const good = targets.filter(isDelivered).length;
  const where = `${style.bold(site)} on ${good} of ${countOf(targets.length, "target")} in ${formatDuration(seconds)}`;
  const next = nextStep(event);
  const several = targets.length > 1 || (outcome === "partial" && good === targets.length);
  return [
    ...(several ? [`${outcomeText(event, style)}  ${where}`] : []),
    ...(next === undefined ? [] : [`  ${next}`]),
    ...(outcome === "done" || outcome === "unchanged" ? [] : [style.dim(`  what happened: smartsync show ${run}`)]),
  ];
}

/** What a person can do next, where the same command may well succeed; elsewhere a hint has said what is needed. */
function nextStep({ targets, purges = [], site }: Done): string | undefined {
  if (!targets.some(mayPass)) {
    const isOpen = purges.some(({ outcome }) => outcome === "failed");
    return isOpen ? `The next delivery purges what is left; at once: smartsync purge ${site}` : undefined;
  }
  const touched = targets.some(
    ({ uploaded, headers = 0, deleted, failure }) =>
      uploaded + headers + deleted > 0 && !(failure && failure.code in FOR_OTHERS),
  );
  return touched
    ? "Run the same command again: it takes up where this one stopped, and sends nothing twice."
    : "No file was delivered; the same command tries again.";
}

function mayPass(result: TargetResult): boolean {
  const { outcome, failure } = result;
  return outcome === "aborted" || (failure !== undefined && MAY_PASS.has(failure.kind) && !isDelivered(result));
}

/** The kinds of failure that may pass by themselves. */
const MAY_PASS: ReadonlySet<string> = new Set(["transient", "not-found", "partial"]);
