import type { DeployEvent } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import { eventLines, readyLines } from "./event-lines.ts";
import { formatTimestamp } from "./local-time.ts";
import { planNotes, renderRefusals, renderTotals } from "./plan-text.ts";
import { trackProgress } from "./progress.ts";
import { isBad, renderPurge } from "./purge-text.ts";
import { countOf, formatBytes, formatCount, formatPercent } from "./quantities.ts";
import type { Detail, Output, Reporter } from "./reporter.ts";
import { renderEnd, renderResultAfterPlan } from "./result-text.ts";
import type { Style } from "./style.ts";
import { shareDone, type TargetProgress } from "./target-progress.ts";
import { printable } from "./text-width.ts";

const STEP_PERCENT = 10;
const SILENCE_MS = 30_000;
/** What has said something just now need not say how far it is. */
const LEAST_MS = 5_000;

/**
 * Plain lines with a time, for logs: one for each milestone, and while files are sent one for every tenth of them or
 * every 30 seconds, whichever comes first, but none within five seconds after another line about the same target.
 */
export function createLinesReporter(options: {
  output: Output;
  style: Style;
  detail: Detail;
  /** Milliseconds since the epoch. */
  now: () => number;
}): Reporter {
  const { output, style, detail, now } = options;
  const progress = trackProgress(now);
  const told = new Map<string, { percent: number; at: number }>();

  /** Notes that there is a line about the target now. */
  function touch(target: string, percent = told.get(target)?.percent ?? 0): void {
    told.set(target, { percent, at: now() });
  }

  function print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const time = style.dim(formatTimestamp(now()));
    for (const line of lines) output.write(`${time}  ${line}\n`);
  }

  /** How far the target is, when that is worth a line. */
  function advance(target: string): string[] {
    const at = progress.run.targets.get(target);
    if (detail === "quiet" || at === undefined || at.filesTotal === 0) return [];
    const percent = Math.floor(100 * shareDone(at));
    const last = told.get(target) ?? { percent: 0, at: at.startedAt };
    const silence = now() - last.at;
    const due = silence >= SILENCE_MS || (silence >= LEAST_MS && percent - last.percent >= STEP_PERCENT);
    if (!due || at.files === at.filesTotal) return [];
    touch(target, percent - (percent % STEP_PERCENT));
    return [progressText(at)];
  }

  function linesOf(event: DeployEvent): string[] {
    switch (event.type) {
      case "file-put":
      case "file-deleted":
      case "file-staged":
      case "file-progress":
        return [...single(event), ...advance(event.target)];
      case "target-done":
        return problem(event.result.outcome) || detail !== "quiet" ? renderResultAfterPlan(event.result, style) : [];
      case "purge-done":
        return isBad(event.result) || detail !== "quiet" ? renderPurge(event.result, style) : [];
      case "done":
        return problem(event.outcome) || detail !== "quiet" ? renderEnd(event, style) : [];
      case "planned":
        return planLines(event.plan, style, detail);
      default:
        return [...single(event), ...(detail === "quiet" ? [] : starts(event))];
    }
  }

  function single(event: DeployEvent): string[] {
    return [...eventLines(event, style, detail), ...readyLines(event, progress.run, detail)];
  }

  return {
    onEvent(event) {
      progress.apply(event);
      const lines = linesOf(event);
      // Publishing counts from nothing again.
      const percent = event.type === "staged" ? 0 : undefined;
      if (lines.length > 0 && "target" in event && event.target !== undefined) touch(event.target, percent);
      print(lines);
    },
    close() {},
  };
}

function starts(event: DeployEvent): string[] {
  switch (event.type) {
    case "run-started":
      return [`${event.site}: run ${event.run} (${event.trigger})${whereTo(event.targets)}`];
    case "connecting":
      return [`${event.target}: connecting to ${printable(event.to)}`];
    case "stage-started":
      return [`${event.target}: staging ${countOf(event.files, "file")}, ${formatBytes(event.bytes)}`];
    case "phase-started":
      return [`${event.target}: ${event.phase}: ${countOf(event.files, "file")}, ${formatBytes(event.bytes)}`];
    default:
      return [];
  }
}

function whereTo(targets: readonly string[]): string {
  return targets.length === 0 ? "" : ` to ${targets.join(", ")}`;
}

function planLines(plan: Plan, style: Style, detail: Detail): string[] {
  const refusals = renderRefusals(plan, style);
  if (detail === "quiet") return refusals;
  const about = [`plan: ${renderTotals(plan)}`, ...planNotes(plan)];
  return [...about.map((line) => `${plan.target}: ${line}`), ...refusals];
}

function progressText(progress: TargetProgress): string {
  const { target, doing, files, filesTotal, bytes, bytesTotal } = progress;
  const counts = `${formatCount(files)} of ${countOf(filesTotal, "file")}`;
  const sent = bytesTotal > 0 ? `, ${formatBytes(bytes)} of ${formatBytes(bytesTotal)}` : "";
  const what = doing === "delivering" ? "" : ` ${doing === "staging" ? "staged" : "published"}`;
  return `${target}: ${formatPercent(shareDone(progress))}${what}  ${counts}${sent}`;
}

function problem(outcome: string): boolean {
  return outcome !== "done" && outcome !== "unchanged";
}
