import type { DeployEvent } from "./events.ts";

/** Where the time comes from: the system's clock, or a test's. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with an AbortError when the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What every effectful call is handed: when to stop, what time it is, and whom to tell. */
export interface Ctx {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  emit(event: DeployEvent): void;
}
