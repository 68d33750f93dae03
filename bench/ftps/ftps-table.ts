import { findResult, showRatio, showSeconds } from "../cells.ts";
import { markdownTable } from "../markdown-table.ts";
import type { Result } from "../results.ts";
import { SCENARIOS } from "./scenarios.ts";
import { TOOLS } from "./tools.ts";

/** Every tool in every scenario on one site, and how smartsync compares with lftp. */
export function ftpsTable(results: readonly Result[]): string {
  const files = results[0]?.files.toLocaleString("en");
  const header = [`${files} files`, ...Object.values(TOOLS).map(({ label }) => label), "smartsync ÷ lftp", "goal"];
  const rows = Object.entries(SCENARIOS).map(([scenario, { label, goal }]) => [
    label,
    ...Object.keys(TOOLS).map((tool) => showSeconds(findResult(results, tool, scenario))),
    ...showRatio(findResult(results, "smartsync", scenario), findResult(results, "lftp", scenario), goal),
  ]);
  return markdownTable(header, rows);
}
