import { z } from "zod";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { judgeStatus } from "../api.ts";
import { readJson } from "../read-json.ts";

/** Every failure says so, whatever its status. */
const errorShape = z.object({ is_fatal: z.literal(true), error_msg: z.string().default("") });

const HINTS: Readonly<Partial<Record<string, string>>> = {
  "credentials-wrong": "see whether `apiToken` and `apiSecret` are of one API key, and it was not deleted",
  "permission-denied": "give the API key the right to Web Accelerator, and see that the site belongs to its account",
  "cdn-not-found": "see `domain` and `baseUrls`: there is no such site in the account",
  "cdn-refused": "see whether the addresses are below a domain that Web Accelerator serves",
};

/** What is wrong with an answer of Web Accelerator's, or undefined. */
export function judgeSakura(answer: Answer, doing: string): SmartsyncError | undefined {
  const fatal = errorShape.safeParse(readJson(answer.body)).data;
  const status = fatal !== undefined && answer.status < 300 ? 400 : answer.status;
  const error = judgeStatus({ ...answer, status }, doing, fatal?.error_msg ?? "");
  if (error === undefined) return undefined;
  const { message, kind, code } = error;
  const hint = HINTS[code] ?? error.hint;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }) });
}

/** The account has no site of this domain: "cdn-not-found". */
export function unknownSite(domain: string): SmartsyncError {
  const hint = HINTS["cdn-not-found"] ?? "";
  return new SmartsyncError(`Web Accelerator has no site ${domain}`, {
    kind: "not-found",
    code: "cdn-not-found",
    hint,
  });
}

/** What answered was something else: "cdn-unclear". */
export function unclear(doing: string): SmartsyncError {
  return new SmartsyncError(`could not ${doing}: the answer is none of Web Accelerator's`, {
    kind: "config",
    code: "cdn-unclear",
    hint: "see `apiUrl`, and whether a proxy answers for it",
  });
}
