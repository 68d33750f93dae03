import { z } from "zod";
import { type ErrorKind, SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { judgeStatus } from "../api.ts";
import { readJson } from "../read-json.ts";

const errorShape = z.object({ Code: z.string(), Message: z.string().default("") });

/**
 * What is wrong with an answer of Alibaba Cloud's, or undefined. Its code says more than its status, which is 400 for
 * most of them. `right` is the right that the call takes. Sources: the errors of RefreshObjectCaches
 * (https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-refreshobjectcaches), and those that
 * every API has (https://www.alibabacloud.com/help/en/openapi/support/common-client-error-codes).
 */
export function judgeAlibaba(answer: Answer, doing: string, right: string): SmartsyncError | undefined {
  const { Code, Message } = errorShape.safeParse(readJson(answer.body)).data ?? { Code: "", Message: "" };
  const said = Code === "" ? "" : `${Message} ${Code}`.trim();
  const error = judgeStatus(answer, doing, said);
  const known = KNOWN.find(({ pattern }) => pattern.test(Code));
  if (known === undefined) return error;
  const { kind, code, hint } = known;
  return new SmartsyncError(error?.message ?? `could not ${doing}: ${said}`, {
    kind,
    code,
    ...(hint !== undefined && { hint: hint.replace("<right>", right) }),
  });
}

interface Known {
  readonly pattern: RegExp;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint?: string;
}

const KNOWN: readonly Known[] = [
  // The nonce is another one with every attempt.
  {
    pattern: /^(Throttling|QuotaPerMinuteExceeded|TooMany\.Refresh|SignatureNonceUsed)/,
    kind: "transient",
    code: "slow-down",
  },
  // https://www.alibabacloud.com/help/en/cdn/user-guide/quota-management
  {
    pattern: /^QuotaExceeded/,
    kind: "refused",
    code: "purge-quota",
    hint: "the quota is renewed at 00:00 UTC+8, 01:00 in Japan; Alibaba Cloud's Quota Center raises it",
  },
  {
    pattern: /^InvalidTimeStamp\.Expired/,
    kind: "auth",
    code: "clock-skew",
    hint: "set this machine's clock (timedatectl set-ntp true)",
  },
  {
    pattern: /^(SignatureDoesNotMatch|IncompleteSignature)/,
    kind: "auth",
    code: "credentials-wrong",
    hint: "see whether `accessKeySecret` belongs to `accessKeyId`, and nothing was cut off when it was copied",
  },
  {
    pattern: /^InvalidAccessKeyId\.Inactive/,
    kind: "auth",
    code: "credentials-wrong",
    hint: "the access key is disabled: enable it in the RAM console, or make another one",
  },
  {
    pattern: /^InvalidAccessKeyId/,
    kind: "auth",
    code: "credentials-wrong",
    hint: "see `accessKeyId`: it was deleted or is misspelt; with temporary credentials `securityToken` is needed too",
  },
  {
    pattern: /SecurityToken/,
    kind: "auth",
    code: "credentials-wrong",
    hint: "see `securityToken`: it has ended, or belongs to another access key",
  },
  {
    pattern: /^(Forbidden|NoPermission)/,
    kind: "auth",
    code: "permission-denied",
    hint: "give the RAM user a policy with the action <right>",
  },
  {
    pattern: /^InvalidDomain\./,
    kind: "not-found",
    code: "cdn-not-found",
    hint: "see whether the host names of `baseUrls` are accelerated by this account's CDN, and online",
  },
  {
    pattern: /^OperationDenied/,
    kind: "config",
    code: "cdn-refused",
    hint: "see in the console whether CDN is activated for the account, and nothing is overdue",
  },
];
