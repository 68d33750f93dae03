import { toSmartsyncError } from "../lib/errors.ts";

/** One thing that was tried, and what came of it. */
export interface Check {
  readonly name: string;
  readonly outcome: "ok" | "warning" | "failed";
  readonly detail: string;
  readonly hint?: string;
  /** Of the error it failed with. */
  readonly code?: string;
}

/** What a check found, before it has its name. */
export type Finding = Omit<Check, "name">;

/** Everything is as it should be. */
export function ok(detail: string): Finding {
  return { outcome: "ok", detail };
}

/** Runs one check. What it throws is its finding, except that the user wants to stop. */
export async function tryOut(name: string, work: () => Promise<Finding>): Promise<Check> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return failedCheck(name, error);
  }
}

/** The check that an error makes fail; an abort is thrown on. */
export function failedCheck(name: string, error: unknown): Check {
  const { kind, code, message, hint } = toSmartsyncError(error);
  if (kind === "aborted") throw error;
  return { name, outcome: "failed", code, detail: message, ...(hint === undefined ? {} : { hint }) };
}
