/** One key press may arrive twice: from the terminal, and from a launcher that hands it on. */
const SAME_PRESS_MS = 200;

/** What the signals act on: the process, or a test's stand-in. */
export interface Stoppable {
  on(signal: NodeJS.Signals, listener: () => void): void;
  /** Ends the process at once. */
  exit(): void;
}

/**
 * Gives a signal that aborts on the first Ctrl-C (SIGINT), SIGTERM or SIGHUP, so that what is under way is left whole;
 * the second ends the process at once.
 */
export function stopOnSignals(process: Stoppable, now: () => number = Date.now): AbortSignal {
  const stopping = new AbortController();
  let first = 0;
  const stop = () => {
    if (!stopping.signal.aborted) {
      first = now();
      stopping.abort();
    } else if (now() - first > SAME_PRESS_MS) {
      process.exit();
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return stopping.signal;
}
