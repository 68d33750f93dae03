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
