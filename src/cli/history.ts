import { pickSite } from "../config/pick-site.ts";
import type { PurgeResult } from "../core/purge-result.ts";
import { formatTime } from "../report/local-time.ts";
import { countOf, formatBytes, formatCount, formatDuration } from "../report/quantities.ts";
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
  const header = [
    "when",
    "run",
    "outcome",
    "site",
    "sent",
    "bytes",
    "headers",
    "deleted",
    "purged",
    "cost",
    "took",
    "by",
  ];
  const rows = [header.map((text) => ({ text, paint: style.dim })), ...runs.map((record) => toRow(record, style))];
  // Only buckets have files of which headers alone are changed, and not every site has a CDN, let alone one that costs.
  const seldom = new Map([
    ["headers", runs.some((run) => sumOf(run, "headers") > 0)],
    ["purged", runs.some((run) => purgesOf(run).length > 0)],
    ["cost", runs.some((run) => costOf(run) > 0)],
  ]);
  const isNeeded = (_: unknown, at: number) => seldom.get(header[at] ?? "") ?? true;
  const needed = rows.map((row) => row.filter(isNeeded));
  console.print(...renderTable(COLUMNS.filter(isNeeded), needed, console.width));
  return EXIT.done;
}

function sumOf({ targets }: RunRecord, what: "uploaded" | "headers" | "deleted" | "bytes"): number {
  return targets.reduce((total, target) => total + (target[what] ?? 0), 0);
}

function purgesOf({ purges = [] }: RunRecord): readonly PurgeResult[] {
  return purges.filter(({ items, failure }) => items > 0 || failure !== undefined);
}

function costOf({ purges = [] }: RunRecord): number {
  return purges.reduce((total, { usd = 0 }) => total + usd, 0);
}

/** "41 files", and after how long the slowest edge was fresh, where somebody looked: "41 files, 18 s". */
function purgedText(record: RunRecord): string {
  const purges = purgesOf(record);
  if (purges.length === 0) return "";
  if (purges.some(({ outcome }) => outcome === "failed")) return "failed";
  const files = countOf(Math.max(...purges.map(({ dropped }) => dropped)), "file");
  const fresh = purges.flatMap(({ check }) => check?.freshAfter ?? []);
  return fresh.length === 0 ? files : `${files}, ${formatDuration(Math.max(...fresh))}`;
}

function toRow(record: RunRecord, style: Style): (string | Cell)[] {
  const { id, site, trigger, startedAt, endedAt, outcome, by } = record;
  return [
    formatTime(startedAt).slice(0, -3),
    id,
    outcome === null ? "… no end" : outcomeText({ ...record, outcome }, style),
    site,
    formatCount(sumOf(record, "uploaded")),
    formatBytes(sumOf(record, "bytes")),
    formatCount(sumOf(record, "headers")),
    formatCount(sumOf(record, "deleted")),
    purgedText(record),
    costOf(record) > 0 ? `${costOf(record).toFixed(3)} USD` : "",
    endedAt === null ? "" : formatDuration((endedAt - startedAt) / 1000),
    { text: trigger === "push" ? by : `${by} (${trigger})`, paint: style.dim },
  ];
}
