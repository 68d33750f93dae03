import type { Outcome } from "../core/events.ts";
import type { ErrorKind, SmartsyncError } from "../lib/errors.ts";

/** What the process tells its caller. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  refused: 4,
  locked: 5,
  changes: 10,
  interrupted: 130,
} as const;

/** One of the codes above. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_KIND: Record<ErrorKind, ExitCode> = {
  config: EXIT.usage,
  auth: EXIT.failed,
  "not-found": EXIT.failed,
  transient: EXIT.failed,
  conflict: EXIT.failed,
  refused: EXIT.refused,
  partial: EXIT.partial,
  aborted: EXIT.interrupted,
  bug: EXIT.failed,
};

const BY_OUTCOME: Record<Outcome, ExitCode> = {
  done: EXIT.done,
  unchanged: EXIT.done,
  partial: EXIT.partial,
  failed: EXIT.failed,
  refused: EXIT.refused,
  locked: EXIT.locked,
  aborted: EXIT.interrupted,
};

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: SmartsyncError): ExitCode {
  return error.code === "locked" ? EXIT.locked : BY_KIND[error.kind];
}

/** The exit code for a run that went its way. */
export function exitCodeFor(outcome: Outcome): ExitCode {
  return BY_OUTCOME[outcome];
}

/** The exit code of a command that does the same with many things: some may have failed, or all. */
export function exitCodeForSome(failed: number, all: number): ExitCode {
  if (failed === 0) return EXIT.done;
  return failed === all ? EXIT.failed : EXIT.partial;
}
