import { z } from "zod";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { judgeStatus, readRetryAfter } from "../api.ts";
import { readJson } from "../read-json.ts";

/** https://techdocs.akamai.com/purge-cache/reference/api-errors; those of the sign-in have a `type` of their own. */
const problemShape = z.object({
  title: z.string().default(""),
  detail: z.string().default(""),
  type: z.string().default(""),
});

/**
 * What is wrong with an answer of Akamai's, or undefined: besides what its status says "clock-skew", when the time of
 * the signature is not within 30 seconds, and "not-yours" for addresses, tags or CP codes of somebody else. If one object
 * is refused, nothing of the request is purged.
 */
export function judgeAkamai(answer: Answer, doing: string): SmartsyncError | undefined {
  const read = problemShape.safeParse(readJson(answer.body));
  const { title, detail, type } = read.success ? read.data : { title: "", detail: "", type: "" };
  const error = judgeStatus(answer, doing, [title, detail].filter((part) => part !== "").join(": "));
  if (error === undefined) return undefined;
  const as = (kind: SmartsyncError["kind"], code: string, hint: string) =>
    new SmartsyncError(error.message, { kind, code, hint });
  const { status } = answer;
  if (type.includes("pep-authn") && /timestamp/i.test(detail)) {
    return as("auth", "clock-skew", "set this machine's clock (timedatectl set-ntp true)");
  }
  if (status === 401) {
    return as(error.kind, error.code, "see whether the API client is active, and its four credentials are of one set");
  }
  if (status === 403 && /^unauthorized/i.test(title)) {
    return as("config", "not-yours", "see whether `baseUrls` and `cpCodes` are of this account and contract");
  }
  if (status === 403) return as(error.kind, error.code, "give the API client READ-WRITE for the API «CCU APIs»");
  return error;
}

/** Tokens come back within this long: https://techdocs.akamai.com/purge-cache/reference/rate-limit-response-examples */
const TOKENS_MS = 5_000;

/** How long to wait before the next attempt, in milliseconds: a bucket that is empty tells nothing itself. */
export function retryAfter({ status, headers }: Answer, nowMs: number): number | undefined {
  if (status !== 429) return undefined;
  return readRetryAfter(headers["retry-after"], nowMs) ?? TOKENS_MS;
}
