import { findResult, showBytes, showGoal, showRatio, showSeconds } from "../cells.ts";
import { markdownTable } from "../markdown-table.ts";
import type { Result } from "../results.ts";

const MEGABYTES = 300;

/** What a plan of an unchanged site costs beside rsync, and what starting costs beside Node.js alone. */
export function scanTable(results: readonly Result[]): string {
  const files = results[0]?.files.toLocaleString("en");
  const plan = findResult(results, "smartsync", "plan");
  const rsync = findResult(results, "rsync", "plan");
  const version = findResult(results, "smartsync", "start");
  const node = findResult(results, "node", "start");
  return markdownTable(
    [`${files} files`, "smartsync", "beside it", "", "ratio", "goal"],
    [
      [
        "`smartsync plan`, nothing changed",
        showSeconds(plan),
        "`rsync -an --delete`",
        showSeconds(rsync),
        ...showRatio(plan, rsync, 0.8),
      ],
      [
        "its peak memory",
        showBytes(plan),
        "",
        showBytes(rsync),
        "",
        plan?.peakBytes ? showGoal(plan.peakBytes <= MEGABYTES * 1e6, `${MEGABYTES} MB`) : "",
      ],
      ["`smartsync --version`", showSeconds(version), "`node -e 0`", showSeconds(node), ...showRatio(version, node, 2)],
    ],
  );
}
