import type { DeployEvent } from "../core/events.ts";

/** A consumer of events: turns what happens into output. It never throws and never asks. */
export interface Reporter {
  onEvent(event: DeployEvent): void;
  /** Takes what is live off the screen for as long as the terminal is needed for something else, such as a question. */
  hold?(): Disposable;
  /** Ends live output; what is on the screen stays. Fine to call twice. */
  close(): void;
}

/** How much a reporter tells: only problems, milestones, or every file. */
export type Detail = "quiet" | "normal" | "verbose";

/** Where a reporter writes: a terminal, a pipe, or a test's buffer. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Columns and rows of the terminal; they may change while it is used. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** How wide output may be: the terminal's width, or as wide as it likes where there is none and nothing wraps. */
export function widthOf(output: Output): number {
  return output.isTTY ? output.columns || 80 : Number.POSITIVE_INFINITY;
}
