import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { planPurge } from "../../src/core/plan-purge.ts";
import type { PurgeInput, PurgePlan, SiteAddresses } from "../../src/core/purge-plan.ts";
import { RULES } from "./cdn-rules.ts";
import { relPath } from "./snapshots.ts";

const FOLDER = new URL("../../fixtures/plans/", import.meta.url);

/** The CDNs that each case is planned for. */
export const GOLDEN_CDNS = ["cloudfront", "cloudflare", "google"] as const;

/** A golden purge as fixtures/plans holds it. `{1..3}` in a path stands for three paths. */
export interface GoldenPurge {
  readonly name: string;
  readonly addresses: SiteAddresses;
  /** What was published, and what was deleted. */
  readonly changed: readonly string[];
  /** What else the site has. */
  readonly unchanged: readonly string[];
  readonly deleted?: readonly string[];
  readonly itemsThisMonth: number;
  readonly plans: Readonly<Partial<Record<(typeof GOLDEN_CDNS)[number], PurgePlan>>>;
}

/** Every golden purge and the file it is in. */
export function readGoldenPurges(): { file: string; golden: GoldenPurge }[] {
  const files = readdirSync(FOLDER).filter((file) => /^purge-.*\.json$/.test(file));
  return files.map((file) => ({ file, golden: JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) }));
}

/** Replaces the expected plans of a golden purge. */
export function writeGoldenPurge(file: string, golden: GoldenPurge): void {
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify(golden, null, 2)}\n`);
}

/** What a golden purge is planned from for one of the CDNs, with the tolerance that CDNs have when nobody says another. */
export function inputOf(golden: GoldenPurge, cdn: (typeof GOLDEN_CDNS)[number]): PurgeInput {
  const paths = (texts: readonly string[] = []) => texts.flatMap(expand).map(relPath);
  const changed = paths(golden.changed);
  return {
    changed: [...changed, ...paths(golden.deleted)],
    site: [...changed, ...paths(golden.unchanged)],
    addresses: golden.addresses,
    rules: RULES[cdn],
    tolerance: { seconds: 30, usd: 0 },
    usage: { itemsThisMonth: golden.itemsThisMonth },
  };
}

/** The plans that are made for a golden purge. */
export function plansOf(golden: GoldenPurge): GoldenPurge["plans"] {
  return Object.fromEntries(GOLDEN_CDNS.map((cdn) => [cdn, planPurge(inputOf(golden, cdn))]));
}

function expand(text: string): string[] {
  const range = /\{(\d+)\.\.(\d+)\}/.exec(text);
  if (range === null) return [text];
  const [whole, first, last] = range;
  const numbers = Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at);
  return numbers.flatMap((number) => expand(text.replace(whole, String(number))));
}
