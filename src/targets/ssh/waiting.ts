import { stopped } from "./line-failures.ts";

/** Whoever waits for an answer. */
export interface Waiting {
  /** Rejects as "aborted" when the signal aborts, until the function it gives is called. */
  add(signal: AbortSignal, reject: (error: Error) => void): () => void;
}

/** Nobody waits yet. Thousands may, with one listener for each signal. */
export function createWaiting(): Waiting {
  const bySignal = new WeakMap<AbortSignal, Set<(error: Error) => void>>();

  function of(signal: AbortSignal): Set<(error: Error) => void> {
    const known = bySignal.get(signal);
    if (known) return known;
    const rejects = new Set<(error: Error) => void>();
    bySignal.set(signal, rejects);
    signal.addEventListener(
      "abort",
      () => {
        for (const reject of rejects) reject(stopped());
        rejects.clear();
      },
      { once: true },
    );
    return rejects;
  }

  return {
    add(signal, reject) {
      const rejects = of(signal);
      rejects.add(reject);
      return () => void rejects.delete(reject);
    },
  };
}
