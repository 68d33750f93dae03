import { S3Fault } from "./fault.ts";

/** How much is taken at once; a limit that is absent is none. */
export interface Limits {
  /** Requests in flight: one more is answered with 503. */
  readonly maxInFlight?: number;
  /** Requests within any second: one more is answered with 503 SlowDown. */
  readonly perSecond?: number;
  /** How long after a write a key takes no other (milliseconds): 429. */
  readonly perKeyMs?: number;
}

/** Counts requests against the limits. */
export class LimitKeeper {
  readonly #limits: Limits;
  /** When the requests of the last second came, oldest first. */
  readonly #recent: number[] = [];
  readonly #written = new Map<string, number>();
  #inFlight = 0;
  #peak = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** How many requests are in flight, and how many there were at the most. */
  get inFlight(): { readonly now: number; readonly peak: number } {
    return { now: this.#inFlight, peak: this.#peak };
  }

  /** Counts a request as come; throws when it is one too many. `leave` is called for it in any case. */
  enter(): void {
    const { maxInFlight = Infinity, perSecond } = this.#limits;
    this.#inFlight++;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    if (this.#inFlight > maxInFlight) {
      throw new S3Fault(503, "ServiceUnavailable", `more than ${maxInFlight} requests at once`);
    }
    if (perSecond === undefined) return;
    const now = performance.now();
    while ((this.#recent[0] ?? now) < now - 1_000) this.#recent.shift();
    if (this.#recent.length >= perSecond) throw new S3Fault(503, "SlowDown", "Please reduce your request rate.");
    this.#recent.push(now);
  }

  leave(): void {
    this.#inFlight--;
  }

  /** Counts a write of a key; throws when the one before was too short a time ago. */
  write(key: string): void {
    const { perKeyMs } = this.#limits;
    if (perKeyMs === undefined) return;
    const now = performance.now();
    if (now - (this.#written.get(key) ?? -Infinity) < perKeyMs) {
      throw new S3Fault(429, "TooManyRequests", "Reduce your concurrent request rate for the same object.");
    }
    this.#written.set(key, now);
  }
}
