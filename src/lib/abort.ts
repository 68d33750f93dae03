import { SmartsyncError } from "./errors.ts";

/** Throws "aborted" when the signal has aborted: called wherever a long piece of work can stop without harm. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new SmartsyncError("stopped before it was finished", {
    kind: "aborted",
    code: "aborted",
    cause: signal.reason,
  });
}

/** Aborts so many milliseconds after the given signal did: for what has to be put right before everything ends. */
export function abortLater(signal: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController();
  const start = () => void setTimeout(() => late.abort(signal.reason), ms).unref();
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return late.signal;
}
