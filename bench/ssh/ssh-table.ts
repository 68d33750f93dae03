import { findResult, showRatio, showSeconds } from "../cells.ts";
import { SCENARIOS, type ScenarioName } from "../deliveries/scenarios.ts";
import { markdownTable } from "../markdown-table.ts";
import type { Result } from "../results.ts";
import { SSH_TOOLS } from "./tools.ts";

type ToolName = keyof typeof SSH_TOOLS;

/** A comparison that has a goal. */
interface Goal {
  readonly scenario: ScenarioName;
  readonly own: ToolName;
  readonly beside: ToolName;
  /** The share of the other's time that smartsync may take at most. */
  readonly atMost: number;
}

/** What each size of site is measured for. */
const GOALS: Readonly<Record<number, readonly Goal[]>> = {
  1000: [
    { scenario: "first", own: "smartsync-rsync", beside: "rsync", atMost: 1.3 },
    { scenario: "unchanged", own: "smartsync-rsync", beside: "rsync", atMost: 0.9 },
    { scenario: "touched", own: "smartsync-rsync", beside: "rsync", atMost: 0.9 },
    { scenario: "touched", own: "smartsync-rsync", beside: "rsync-checksum", atMost: 0.9 },
    { scenario: "first", own: "smartsync-sftp", beside: "rclone", atMost: 0.2 },
  ],
  10000: [{ scenario: "changed", own: "smartsync-rsync", beside: "rsync", atMost: 0.8 }],
};

/** Every tool in every scenario on one site. */
export function sshTable(results: readonly Result[]): string {
  const files = results[0]?.files.toLocaleString("en");
  const header = [`${files} files`, ...Object.values(SSH_TOOLS).map(({ label }) => label)];
  const rows = (Object.keys(SCENARIOS) as ScenarioName[]).map((scenario) => [
    SCENARIOS[scenario].label,
    ...Object.keys(SSH_TOOLS).map((tool) => showSeconds(findResult(results, tool, scenario))),
  ]);
  return markdownTable(header, rows);
}

/** How smartsync compares with the others on one site, where there is a goal. */
export function sshGoals(results: readonly Result[]): string {
  const files = results[0]?.files ?? 0;
  const rows = (GOALS[files] ?? []).map(({ scenario, own, beside, atMost }) => [
    `${SCENARIOS[scenario].label}: ${SSH_TOOLS[own].label} ÷ ${SSH_TOOLS[beside].label}`,
    ...showRatio(findResult(results, own, scenario), findResult(results, beside, scenario), atMost),
  ]);
  return markdownTable([`${files.toLocaleString("en")} files`, "ratio", "goal"], rows);
}
