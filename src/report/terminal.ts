import { createLogUpdate } from "log-update";
import type { DeployEvent } from "../core/events.ts";
import { eventLines, readyLines } from "./event-lines.ts";
import { renderPlan } from "./plan-text.ts";
import { trackProgress } from "./progress.ts";
import { progressLines } from "./progress-line.ts";
import { renderPurge } from "./purge-text.ts";
import { type Detail, type Output, type Reporter, widthOf } from "./reporter.ts";
import { renderEnd, renderResultAfterPlan } from "./result-text.ts";
import type { Style } from "./style.ts";

const REDRAW_MS = 100;

/**
 * Live progress on a terminal: a line per target at work, redrawn at most ten times a second, and finished lines
 * above it that stay. While no target is at work nothing is live, so a question may be asked; `hold` makes it so.
 */
export function createTerminalReporter(options: {
  output: Output & NodeJS.WritableStream;
  style: Style;
  detail: Detail;
  /** Milliseconds since the epoch. */
  now: () => number;
}): Reporter {
  const { output, style, detail, now } = options;
  const live = createLogUpdate(output);
  const progress = trackProgress(now);
  let staying: string[] = [];
  let drawn = false;
  let held = false;
  let timer: NodeJS.Timeout | undefined;

  /** Prints what stays, then what is live below it; comes back by itself as long as something is live. */
  function draw(): void {
    clearTimeout(timer);
    timer = undefined;
    if (held) return;
    const lines = progressLines(progress.run, now(), widthOf(output) - 1, style);
    if (drawn && (staying.length > 0 || lines.length === 0)) live.clear();
    if (staying.length > 0) output.write(`${staying.join("\n")}\n`);
    staying = [];
    if (lines.length > 0) {
      live(lines.join("\n"));
      timer = setTimeout(draw, REDRAW_MS);
    } else if (drawn) {
      live.done();
    }
    drawn = lines.length > 0;
  }

  /** A plan that will be carried out is shown by whoever asks for approval; one that is refused, nobody asks about. */
  function linesThatStay(event: DeployEvent): string[] {
    if (event.type === "target-done") return renderResultAfterPlan(event.result, style);
    if (event.type === "purge-done") return renderPurge(event.result, style);
    if (event.type === "done") return renderEnd(event, style);
    if (event.type === "planned" && event.plan.refusals.length > 0) {
      return ["", ...renderPlan(event.plan, { style, width: widthOf(output) }), ""];
    }
    return [...eventLines(event, style, detail), ...readyLines(event, progress.run, detail)];
  }

  return {
    onEvent(event) {
      progress.apply(event);
      staying.push(...linesThatStay(event));
      if (SETTLING.has(event.type)) draw();
      else timer ??= setTimeout(draw, REDRAW_MS);
    },
    hold() {
      draw();
      if (drawn) live.clear();
      live.done();
      drawn = false;
      clearTimeout(timer);
      held = true;
      return {
        [Symbol.dispose]() {
          held = false;
          draw();
        },
      };
    },
    close() {
      progress.run.targets.clear();
      progress.run.scanning = undefined;
      progress.run.settling = undefined;
      draw();
    },
  };
}

/** After these a question or other output may follow at once. */
const SETTLING: ReadonlySet<DeployEvent["type"]> = new Set(["scanned", "planned", "target-done", "purge-done", "done"]);
