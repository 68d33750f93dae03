import type { Redactor } from "../lib/redact.ts";
import type { Output } from "../report/reporter.ts";

/** The process a command runs in: its streams, its environment, and when it should stop. */
export interface Shell {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output & NodeJS.WritableStream;
  readonly stderr: Output & NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user or the system asks to stop. */
  readonly signal: AbortSignal;
  /** Learns every secret that is read, and keeps it out of what is printed. */
  readonly redactor: Redactor;
}
