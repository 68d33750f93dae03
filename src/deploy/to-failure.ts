import type { Failure } from "../core/events.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { Redactor } from "../lib/redact.ts";

/** A failure as it may be shown, stored and mailed. */
export function toFailure(error: unknown, redactor: Redactor): Failure {
  const { kind, code, message, hint } = toSmartsyncError(error);
  const failure = { kind, code, message: redactor.redact(message) };
  return hint === undefined ? failure : { ...failure, hint: redactor.redact(hint) };
}
