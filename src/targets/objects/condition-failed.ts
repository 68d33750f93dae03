import { SmartsyncError } from "../../lib/errors.ts";

/** True when a conditional write did not happen because its condition was not met. */
export function isConditionFailed(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "condition-failed";
}
