import { stopped } from "./line-failures.ts";

/** The work's outcome, or "aborted" as soon as the signal says so; what comes too late is handed to `discard`. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, discard?: (late: T) => void): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(stopped());
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) throw stopped();
    return await Promise.race([work, promise]);
  } catch (error) {
    // Nobody waits for it any more, whatever becomes of it.
    work.then(discard, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
