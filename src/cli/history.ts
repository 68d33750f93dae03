import { pickSite } from "../config/pick-site.ts";
import { formatTime } from "../report/local-time.ts";
import { formatBytes, formatCount, formatDuration } from "../report/quantities.ts";
import { outcomeText } from "../report/result-text.ts";
import type { Style } from "../report/style.ts";
import { type Cell, type Column, renderTable } from "../report/table.ts";
import type { RunRecord } from "../state/run-store.ts";
import { type Configure, examples, positive } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { openProject } from "./open-project.ts";

/** `smartsync history`: past deliveries. */
export const configureHistory: Configure = (command, run) => {
  command
    .argument("[site]", "only this site's")
    .option("-n, --limit <count>", "how many", positive, 20)
    .addHelpText(
      "after",
      examples([
        ["smartsync history", "the last 20 deliveries, newest first"],
        ["smartsync history corporate -n 100", "more of one site"],
        ["smartsync history --json", "for a program"],
      ]),
    )
    .action((site: string | undefined, { limit }: { limit: number }) =>
      run((console) => history(site, limit, console)),
    );
};

const COLUMNS: readonly Column[] = [
  {},
  {},
  {},
  { shrink: "end" },
  { align: "right" },
  { align: "right", optional: true },
  { align: "right", optional: true },
  { align: "right", optional: true },
  { align: "right", optional: true },
  { optional: true },
];

async function history(site: string | undefined, limit: number, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const name = site === undefined ? undefined : pickSite(project.config, site).name;
  const runs = project.state.runs.list({ limit, ...(name === undefined ? {} : { site: name }) });
  for (const record of runs) console.printJson({ type: "run", ...record });
  if (runs.length === 0) {
    console.print("Nothing has been delivered from here yet. Start with: smartsync plan");
    return EXIT.done;
  }
  const { style } = console;
  const header = ["when", "run", "outcome", "site", "sent", "bytes", "headers", "deleted", "took", "by"];
  const rows = [header.map((text) => ({ text, paint: style.dim })), ...runs.map((record) => toRow(record, style))];
  // Only buckets have files of which headers alone are changed.
  const isNeeded = (_: unknown, at: number) =>
    header[at] !== "headers" || runs.some((run) => sumOf(run, "headers") > 0);
  const needed = rows.map((row) => row.filter(isNeeded));
  console.print(...renderTable(COLUMNS.filter(isNeeded), needed, console.width));
  return EXIT.done;
}

function sumOf({ targets }: RunRecord, what: "uploaded" | "headers" | "deleted" | "bytes"): number {
  return targets.reduce((total, target) => total + (target[what] ?? 0), 0);
}

function toRow(record: RunRecord, style: Style): (string | Cell)[] {
  const { id, site, trigger, startedAt, endedAt, outcome, by, targets } = record;
  return [
    formatTime(startedAt).slice(0, -3),
    id,
    outcome === null ? "… no end" : outcomeText({ outcome, targets }, style),
    site,
    formatCount(sumOf(record, "uploaded")),
    formatBytes(sumOf(record, "bytes")),
    formatCount(sumOf(record, "headers")),
    formatCount(sumOf(record, "deleted")),
    endedAt === null ? "" : formatDuration((endedAt - startedAt) / 1000),
    { text: trigger === "push" ? by : `${by} (${trigger})`, paint: style.dim },
  ];
}
