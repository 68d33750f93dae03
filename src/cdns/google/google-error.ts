import { z } from "zod";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { judgeStatus } from "../api.ts";
import { readJson } from "../read-json.ts";

/** Compute Engine says why in `errors`, newer services in `details`: https://google.aip.dev/193 */
const errorShape = z.object({
  error: z.object({
    message: z.string().default(""),
    errors: z.array(z.object({ reason: z.string().default("") })).default([]),
    details: z.array(z.looseObject({ reason: z.string().default("") })).default([]),
  }),
});

/** What a call needs, to be told to who lacks it. */
export interface Needs {
  /** "compute.urlMaps.invalidateCache" */
  readonly permission: string;
  /** A role that has it. */
  readonly role: string;
  /** The keys of the configuration that name what is looked for. */
  readonly named: string;
}

/** What is wrong with an answer of one of Google's APIs, or undefined. */
export function judgeGoogle(answer: Answer, doing: string, needs: Needs): SmartsyncError | undefined {
  const read = errorShape.safeParse(readJson(answer.body));
  const { message, errors, details } = read.success ? read.data.error : { message: "", errors: [], details: [] };
  const error = judgeStatus(answer, doing, message);
  if (error === undefined) return undefined;
  const reasons = [...errors, ...details].map(({ reason }) => reason);
  const is = (...names: readonly string[]) => reasons.some((reason) => names.includes(reason));
  const as = (kind: SmartsyncError["kind"], code: string, hint?: string) =>
    new SmartsyncError(error.message, { kind, code, ...(hint && { hint }) });
  const { status } = answer;
  if (is("dailyLimitExceeded") || (status === 429 && /per day/i.test(message))) {
    return as("refused", "purge-quota", "it is given anew each day; a higher one is asked for in the console");
  }
  // https://cloud.google.com/compute/docs/api/rate-limits#respond: 403 as well as 429.
  if (is("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED")) return as("transient", "slow-down");
  if (is("accessNotConfigured", "SERVICE_DISABLED")) {
    return as("config", "api-disabled", "enable the API in the project, and wait some minutes");
  }
  if (status === 403)
    return as(error.kind, error.code, `give the account ${needs.permission}, such as with ${needs.role}`);
  if (status === 404) return as(error.kind, error.code, `see ${needs.named}`);
  return error;
}
