import { SmartsyncError } from "../../lib/errors.ts";
import { lineError } from "../../lib/line-error.ts";
import type { Where } from "./s3-error.ts";

const MISSING_KEYS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

/** What kept a request from being answered at all, as an error: no keys, or what `lineError` knows. */
export function unansweredError(cause: unknown, host: string, { deed, what }: Where): SmartsyncError {
  const doing = `${deed.doing} ${what}`;
  if (!(cause instanceof Error) || !MISSING_KEYS.test(cause.name)) return lineError(doing, host, cause);
  return new SmartsyncError(`could not ${doing}: no keys could be had: ${cause.message}`, {
    kind: "auth",
    code: "credentials-missing",
    hint: "configure accessKeyId and secretAccessKey, a profile or a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    cause,
  });
}
