import { findResult, showRatio, showSeconds } from "../cells.ts";
import { SCENARIOS, type ScenarioName } from "../deliveries/scenarios.ts";
import { markdownTable } from "../markdown-table.ts";
import type { Result } from "../results.ts";
import { TOOLS } from "./tools.ts";

/** The share of lftp's time that smartsync may take at most. */
const GOALS: Readonly<Record<ScenarioName, number>> = { first: 0.2, unchanged: 0.03, changed: 0.06, touched: 0.03 };

/** Every tool in every scenario on one site, and how smartsync compares with lftp. */
export function ftpsTable(results: readonly Result[]): string {
  const files = results[0]?.files.toLocaleString("en");
  const header = [`${files} files`, ...Object.values(TOOLS).map(({ label }) => label), "smartsync ÷ lftp", "goal"];
  const rows = (Object.keys(SCENARIOS) as ScenarioName[]).map((scenario) => [
    SCENARIOS[scenario].label,
    ...Object.keys(TOOLS).map((tool) => showSeconds(findResult(results, tool, scenario))),
    ...showRatio(findResult(results, "smartsync", scenario), findResult(results, "lftp", scenario), GOALS[scenario]),
  ]);
  return markdownTable(header, rows);
}
