/** An answer that is an error, as the JSON API words it. */
export class GcsFault extends Error {
  readonly status: number;
  /** "rateLimitExceeded" */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  /** The body of the answer. */
  toJson(): string {
    const { status: code, reason, message } = this;
    return JSON.stringify({ error: { code, message, errors: [{ message, domain: "global", reason }] } });
  }
}

/** Throws a fault unless the condition holds. */
export function demand(condition: boolean, status: number, reason: string, message: string): asserts condition {
  if (!condition) throw new GcsFault(status, reason, message);
}
