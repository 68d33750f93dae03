import { inOneLine } from "./event-lines.ts";
import { countOf, formatBytes, formatCount, formatDuration, formatPercent, formatRate } from "./quantities.ts";
import type { Style } from "./style.ts";
import { type Doing, type RunProgress, secondsLeft, shareDone, type TargetProgress } from "./target-progress.ts";
import { columnsOf, padTo, shorten } from "./text-width.ts";

const BAR = 16;
/** What is shown with a bar. */
const COUNTED: ReadonlySet<Doing> = new Set(["delivering", "staging", "publishing"]);

/** The live lines of a run: the scan, then one for each target at work. None is wider than `width`. */
export function progressLines(run: RunProgress, now: number, width: number, style: Style): string[] {
  const lines: string[] = [];
  if (run.settling) {
    const { quietFor, needed } = run.settling;
    lines.push(shorten(`waiting for the source to be quiet: ${Math.floor(quietFor)} of ${needed} s`, width));
  }
  if (run.scanning) {
    const { files, bytes } = run.scanning;
    lines.push(shorten(`scanning: ${countOf(files, "file")}, ${formatBytes(bytes)}`, width));
  }
  const atWork = [...run.targets.values()].filter(isAtWork);
  const nameColumns = Math.min(Math.max(0, ...atWork.map(({ target }) => columnsOf(target))), Math.floor(width / 3));
  for (const progress of atWork) {
    const name = padTo(shorten(progress.target, nameColumns), nameColumns);
    lines.push(`${style.bold(name)}  ${targetLine(progress, now, width - nameColumns - 2, style)}`);
  }
  return lines;
}

function isAtWork({ doing, command }: TargetProgress): boolean {
  return command !== undefined || (doing !== "planned" && doing !== "ended");
}

function targetLine(progress: TargetProgress, now: number, width: number, style: Style): string {
  const { doing, command, files, filesTotal, bytes, bytesTotal, startedAt, phase } = progress;
  if (command !== undefined) return shorten(`running ${inOneLine(command)}`, width);
  // All of it is sent, but it takes a moment more until it can be published.
  if (doing === "staging" && files === filesTotal) return shorten("getting ready…", width);
  if (!COUNTED.has(doing)) return shorten(`${doing}…`, width);
  const done = shareDone(progress);
  const elapsed = (now - startedAt) / 1000;
  const left = secondsLeft(progress, now);
  // In the order they are shown; the higher the rank, the sooner it gives way on a narrow terminal.
  const parts = [
    { rank: 5, text: bar(done, style) },
    { rank: 0, text: padTo(formatPercent(done), 4, "right") },
    { rank: 1, text: `${formatCount(files)}/${formatCount(filesTotal)}` },
    { rank: 3, text: bytesTotal > 0 ? `${formatBytes(bytes)} of ${formatBytes(bytesTotal)}` : "" },
    { rank: 4, text: elapsed >= 1 && bytes > 0 ? formatRate(bytes, elapsed) : "" },
    { rank: 2, text: left === undefined ? "" : `${formatDuration(left)} left` },
    { rank: 6, text: style.dim(doing === "delivering" ? (phase ?? "") : doing) },
  ];
  for (let rank = 6; rank >= 0; rank--) {
    const line = parts
      .filter((part) => part.rank <= rank && part.text !== "")
      .map(({ text }) => text)
      .join("  ");
    if (columnsOf(line) <= width) return line;
  }
  return "";
}

function bar(done: number, style: Style): string {
  const filled = Math.floor(BAR * done);
  return `${style.good("█".repeat(filled))}${style.dim("░".repeat(BAR - filled))}`;
}
