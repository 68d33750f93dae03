import type { DeployEvent } from "../core/events.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { eventLines } from "../report/event-lines.ts";
import { type Fold, foldPaths, type SizedPath } from "../report/fold-paths.ts";
import { formatTime } from "../report/local-time.ts";
import { renderPurge } from "../report/purge-text.ts";
import { countOf, formatBytes, formatDuration } from "../report/quantities.ts";
import { outcomeText, renderResult } from "../report/result-text.ts";
import { type Column, renderTable } from "../report/table.ts";
import { printable, printableLines } from "../report/text-width.ts";
import type { RunRecord, RunStore } from "../state/run-store.ts";
import { type Configure, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { openProject } from "./open-project.ts";

/** `smartsync show`: one delivery. */
export const configureShow: Configure = (command, run) => {
  command
    .argument("[run]", "the run's id, or as much of its beginning as is unique; the last one when left out")
    .option("--all", "name every file, not only folders where there are many")
    .addHelpText(
      "after",
      examples([
        ["smartsync show", "the last delivery"],
        ["smartsync show 20261122T0312 --all", "one of them, with every file"],
        ["smartsync show --json", "every event that was stored"],
      ]),
    )
    .action((id: string | undefined, { all = false }: { all?: boolean }) => run((console) => show(id, all, console)));
};

async function show(id: string | undefined, all: boolean, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const { runs } = project.state;
  const record = pickRun(runs, id);
  const events = runs.events(record.id);
  console.printJson({ type: "run", ...record });
  for (const { at, event } of events) console.printJson({ at: new Date(at).toISOString(), ...event });
  if (console.options.json) return EXIT.done;
  console.print(...header(record, console));
  tellResults(record, console);
  tellTrouble(events, console);
  const happened = events.map(({ event }) => event);
  tellHooks(happened, console);
  tellFiles(happened, all, console);
  return EXIT.done;
}

function pickRun(runs: RunStore, id: string | undefined): RunRecord {
  const found = id === undefined ? runs.list({ limit: 1 }) : runs.find(id);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const exact = found.find((record) => record.id === id);
  if (exact !== undefined) return exact;
  if (id === undefined) throw runUnknown("nothing has been delivered from here yet", "`smartsync push` delivers");
  if (only === undefined) throw runUnknown(`no run is named "${id}"`, "`smartsync history` lists them");
  const names = found.map((run) => run.id).join(", ");
  throw runUnknown(`"${id}" begins the names of ${found.length} runs`, `one of: ${names}`);
}

function runUnknown(message: string, hint: string): SmartsyncError {
  return new SmartsyncError(message, { kind: "config", code: "run-unknown", hint });
}

function header(record: RunRecord, { style }: Console): string[] {
  const { id, site, trigger, startedAt, endedAt, outcome, by } = record;
  const took = endedAt === null ? "" : ` · ${formatDuration((endedAt - startedAt) / 1000)}`;
  const ended =
    outcome === null ? style.caution("… it has not ended, or died") : outcomeText({ ...record, outcome }, style);
  return [`${style.bold(site)}  run ${id}`, `${ended}  ${formatTime(startedAt)}${took} · ${trigger} by ${by}`];
}

function tellResults({ targets, purges = [] }: RunRecord, { print, style }: Console): void {
  if (targets.length > 0) print("", ...targets.flatMap((target) => renderResult(target, style)));
  if (purges.length > 0) print("", ...purges.flatMap((purge) => renderPurge(purge, style)));
}

/** Warnings, retries and the like: what went past on the screen then. */
function tellTrouble(events: readonly { at: number; event: DeployEvent }[], { print, style }: Console): void {
  const lines = events.flatMap(({ at, event }) => {
    const told = TROUBLE.has(event.type) ? eventLines(event, style, "normal") : [];
    return told.map((line) => `${style.dim(formatTime(at).slice(11))}  ${line}`);
  });
  if (lines.length > 0) print("", ...lines);
}

const TROUBLE: ReadonlySet<DeployEvent["type"]> = new Set([
  "warning",
  "retry",
  "limit-learned",
  "file-replanned",
  "locked",
  "switched",
  "reverted",
]);

/** The commands that ran on the servers, and what they wrote. */
function tellHooks(events: readonly DeployEvent[], { print, style }: Console): void {
  for (const event of events) {
    if (event.type !== "hook-done") continue;
    const { target, when, command, exitCode, seconds, output } = event;
    const ended =
      exitCode === 0 ? style.good("✓") : style.bad(exitCode === null ? "✗ ended" : `✗ exit code ${exitCode}`);
    print("", `${style.bold(target)}  ${when} the delivery  ${ended}  ${style.dim(formatDuration(seconds))}`);
    print(
      ...printableLines(command).map((line) => `  $ ${line}`),
      ...printableLines(output).map((line) => `  ${style.dim(line)}`),
    );
  }
}

const LINES = 20;
const COLUMNS: readonly Column[] = [{}, { shrink: "front" }, { align: "right" }, { align: "right" }];

/** What was sent, given other headers and deleted, target by target. */
function tellFiles(events: readonly DeployEvent[], all: boolean, { print, style, width }: Console): void {
  const targets = new Map<string, { sent: SizedPath[]; given: SizedPath[]; deleted: SizedPath[] }>();
  for (const event of events) {
    if (event.type !== "file-put" && event.type !== "file-deleted") continue;
    const files = targets.get(event.target) ?? { sent: [], given: [], deleted: [] };
    targets.set(event.target, files);
    if (event.type === "file-deleted") files.deleted.push({ path: event.path, size: 0 });
    else if (event.headersOnly) files.given.push({ path: event.path, size: 0 });
    else files.sent.push(event);
  }
  for (const [target, { sent, given, deleted }] of targets) {
    const lines = all ? Number.POSITIVE_INFINITY : LINES;
    const rows = [
      ...foldPaths(sent, lines).map((fold) => toRow({ text: "+", paint: style.good }, fold)),
      ...foldPaths(given, lines).map((fold) => toRow({ text: "~", paint: style.caution }, fold)),
      ...foldPaths(deleted, lines).map((fold) => toRow({ text: "-", paint: style.bad }, fold)),
    ];
    print("", style.bold(target), ...renderTable(COLUMNS, rows, width - 2).map((line) => `  ${line}`));
  }
}

function toRow(sign: { text: string; paint: (text: string) => string }, { pattern, files, bytes }: Fold) {
  return [sign, printable(pattern), files > 1 ? countOf(files, "file") : "", bytes > 0 ? formatBytes(bytes) : ""];
}
