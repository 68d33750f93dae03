import { findResult, showBytes, showGoal, showRatio, showSeconds } from "../cells.ts";
import { markdownTable } from "../markdown-table.ts";
import type { Result } from "../results.ts";
import { SSH_TOOLS } from "./tools.ts";

const MEGABYTES = 200;

/** One big file over loopback: time and memory of each tool, and the time beside rsync's. */
export function bigFileTable(results: readonly Result[]): string {
  const rsync = findResult(results, "rsync", "first");
  const rows = (["rsync", "smartsync-rsync", "smartsync-sftp"] as const).map((tool) => {
    const result = findResult(results, tool, "first");
    const peak = result?.peakBytes ?? 0;
    const own = tool !== "rsync";
    return [
      SSH_TOOLS[tool].label,
      showSeconds(result),
      ...(own ? showRatio(result, rsync, 2) : ["", ""]),
      showBytes(result),
      own && peak > 0 ? showGoal(peak < MEGABYTES * 1e6, `${MEGABYTES} MB`) : "",
    ];
  });
  return markdownTable(["1 GB, loopback", "time", "÷ rsync", "goal", "peak memory", "goal"], rows);
}
