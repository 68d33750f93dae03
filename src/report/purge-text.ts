import type { CheckResult, PurgeOutcome, PurgeResult } from "../core/purge-result.ts";
import { countOf, formatCount, formatDuration } from "./quantities.ts";
import { renderFailure } from "./render-failure.ts";
import type { Style } from "./style.ts";
import { printable } from "./text-width.ts";

type Told = { readonly mark: string; readonly words: string; readonly colour: "good" | "caution" | "bad" };

const OUTCOMES: Record<PurgeOutcome, Told> = {
  done: { mark: "✓", words: "purged", colour: "good" },
  nothing: { mark: "✓", words: "nothing to purge", colour: "good" },
  waiting: { mark: "!", words: "purge waits", colour: "caution" },
  skipped: { mark: "!", words: "not purged", colour: "caution" },
  failed: { mark: "✗", words: "purge failed", colour: "bad" },
};

const CHECKS: Record<CheckResult["outcome"], Told> = {
  fresh: { mark: "✓", words: "visitors see it", colour: "good" },
  stale: { mark: "✗", words: "visitors don't see it yet", colour: "bad" },
  unreachable: { mark: "!", words: "could not look", colour: "caution" },
};

const REMEDIES = {
  warned: "",
  "purged-again": "; it was purged once more",
  "rolled-back": "; the targets were rolled back",
};

/** What became of a CDN, with the provider's names for the purge, what failed, and what a look at it found. */
export function renderPurge(result: PurgeResult, style: Style): string[] {
  const { cdn, outcome, failure, ids, check, madeGood = [] } = result;
  const { mark, words, colour } = OUTCOMES[outcome];
  const head = `${style[colour](`${mark} ${words}`)}  ${style.bold(cdn)}  ${purgeCounts(result)}`.trimEnd();
  return [
    head,
    ...(ids.length > 0 ? [style.dim(`  ${idsText(ids)}`)] : []),
    ...(madeGood.length > 0 ? [`  with what ${madeGood.join(", ")} had left to purge`] : []),
    ...(failure === undefined ? [] : renderFailure(failure, style).map((line) => `  ${line}`)),
    ...(check === undefined ? [] : renderCheck(cdn, check, style)),
  ];
}

/** Something of it wants a person's attention. */
export function isBad({ outcome, check }: PurgeResult): boolean {
  return OUTCOMES[outcome].colour !== "good" || (check !== undefined && check.outcome !== "fresh");
}

/** "41 of 12,400 files in 3 items and 1 request · 0.000 USD · 2.1 s"; what was not done is left out. */
export function purgeCounts({ changed, dropped, of, items, requests, usd, seconds, outcome }: PurgeResult): string {
  if (outcome === "waiting" || outcome === "skipped") return `${countOf(changed, "file")} changed`;
  if (items === 0) return "";
  const what = dropped > of ? countOf(dropped, "file") : `${formatCount(dropped)} of ${countOf(of, "file")}`;
  const beside = dropped > changed ? `, ${formatCount(dropped - changed)} of them unchanged` : "";
  const parts = [
    `${what} in ${countOf(items, "item")} and ${countOf(requests, "request")}${beside}`,
    usd === undefined ? "" : `${usd.toFixed(3)} USD`,
    formatDuration(seconds),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** So many of the provider's names are told; `show --json` has all. */
const IDS = 3;

function idsText(ids: readonly string[]): string {
  const others = ids.length > IDS ? ` and ${formatCount(ids.length - IDS)} others` : "";
  return `${ids.slice(0, IDS).map(printable).join(", ")}${others}`;
}

function renderCheck(cdn: string, { outcome, urls, freshAfter, wrong, remedy }: CheckResult, style: Style): string[] {
  const { mark, words, colour } = CHECKS[outcome];
  const after = freshAfter === undefined ? "" : ` · ${formatDuration(freshAfter)} after the purge`;
  const looked = `${countOf(urls, "address", "addresses")} looked at${after}${REMEDIES[remedy ?? "warned"]}`;
  return [
    `${style[colour](`${mark} ${words}`)}  ${style.bold(cdn)}  ${looked}`,
    ...wrong.map(
      ({ url, where, why }) => `  ${where === "edge" ? "edge  " : "origin"}  ${printable(url)}: ${printable(why)}`,
    ),
  ];
}
