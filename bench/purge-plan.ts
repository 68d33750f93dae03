import { performance } from "node:perf_hooks";
import { planPurge } from "../src/core/plan-purge.ts";
import type { PurgeInput } from "../src/core/purge-plan.ts";
import type { RelPath } from "../src/core/rel-path.ts";
import { parseRelPath } from "../src/core/rel-path.ts";
import { RULES } from "../test/core/cdn-rules.ts";
import { findResult, showGoal, showSeconds } from "./cells.ts";
import { markdownTable } from "./markdown-table.ts";
import { median, type Result, saveResult } from "./results.ts";
import { smartsync } from "./smartsync.ts";
import { versionOf } from "./version-of.ts";

/** What to measure. */
export interface PurgePlanOptions {
  readonly files: number;
  readonly rounds: number;
}

const CDNS = { cloudfront: "CloudFront", cloudflare: "Cloudflare" } as const;
const GOAL_SECONDS = 0.2;

/** Times the planning of a purge of a tenth of a site, for CloudFront's rules and for Cloudflare's. */
export async function benchPurgePlan({ files, rounds }: PurgePlanOptions): Promise<void> {
  const site = pathsOfSite(files);
  const changed = site.filter((_, at) => Math.floor(at / 7) % 10 === 0);
  const version = await versionOf(smartsync("--version"));
  for (const cdn of ["cloudfront", "cloudflare"] as const) {
    const input: PurgeInput = {
      changed,
      site,
      addresses: { baseUrls: ["https://www.example.jp/"], cleanUrls: "none" },
      rules: RULES[cdn],
      tolerance: { seconds: 30, usd: 0 },
      usage: { itemsThisMonth: 0 },
    };
    const seconds = Array.from({ length: rounds + 1 }, () => timePlan(input)).slice(1);
    const { items, dropped } = planPurge(input);
    const settings = `${CDNS[cdn]}: drops ${dropped} of ${files} files, items: ${items}`;
    await saveResult({ bench: "purge-plan", scenario: cdn, tool: "smartsync", files, version, settings, seconds });
  }
}

/** How long the plan of a purge takes, beside the goal. */
export function purgePlanTable(results: readonly Result[]): string {
  const files = results[0]?.files ?? 0;
  const rows = Object.entries(CDNS).map(([cdn, name]) => {
    const result = findResult(results, "smartsync", cdn);
    const goal = result ? showGoal(median(result.seconds) <= GOAL_SECONDS, `${GOAL_SECONDS} s`) : "";
    return [name, showSeconds(result), goal];
  });
  const what = `${Math.floor(files / 10).toLocaleString("en")} of ${files.toLocaleString("en")} files changed`;
  return markdownTable([what, "plan", "goal"], rows);
}

/** Pages and pictures in nested directories, Japanese names among them; in no order of changes. */
function pathsOfSite(files: number): RelPath[] {
  return Array.from({ length: files }, (_, at) => {
    const section = ["ニュース", "products", "ブログ", "support"][at % 4];
    const directory = `${section}/${Math.floor(at / 2000)}/${at % 1000}`;
    const path = parseRelPath(at % 3 === 0 ? `${directory}/index.html` : `${directory}/写真-${at}.jpg`);
    if (path === undefined) throw new Error("no path");
    return path;
  });
}

function timePlan(input: PurgeInput): number {
  const before = performance.now();
  planPurge(input);
  return (performance.now() - before) / 1000;
}
