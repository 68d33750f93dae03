/** What sort of failure it was; decides the exit code and whether a retry makes sense. */
export type ErrorKind =
  | "config"
  | "auth"
  | "not-found"
  | "transient"
  | "conflict"
  | "refused"
  | "partial"
  | "aborted"
  | "bug";

/** The parts of a failure besides its message. */
export interface ErrorDetails {
  kind: ErrorKind;
  /** Stable, machine-readable, kebab-case: "certificate-untrusted", "source-changed". */
  code: string;
  /** What the user can do next, as a sentence or a command. */
  hint?: string;
  cause?: unknown;
}

/**
 * The one error type of smartsync. The message says what was being done, to what, and why it failed;
 * `hint` says what to do next. Anything else that is thrown is a bug and is reported as one.
 */
export class SmartsyncError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SmartsyncError";
    this.kind = details.kind;
    this.code = details.code;
    this.hint = details.hint;
  }
}

/** True for a failure that is known to pass: the same call may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return error instanceof SmartsyncError && error.kind === "transient";
}

/** True when the target said for certain that the thing does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof SmartsyncError && error.kind === "not-found";
}

/** Gives the error as a SmartsyncError: itself, an abort as "aborted", anything else as a "bug" with its cause. */
export function toSmartsyncError(error: unknown): SmartsyncError {
  if (error instanceof SmartsyncError) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new SmartsyncError("stopped before it was finished", { kind: "aborted", code: "aborted", cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SmartsyncError(`unexpected: ${message}`, {
    kind: "bug",
    code: "unexpected",
    hint: "this is a defect of smartsync; please report it with the output of the same command and SMARTSYNC_DEBUG=1",
    cause: error,
  });
}
