import { type ErrorDetails, SmartsyncError } from "../../lib/errors.ts";
import { lineError } from "../../lib/line-error.ts";

/** What was being done, for messages, and what it takes. */
export interface Deed {
  /** "invalidate 3 paths of CloudFront distribution E123" */
  readonly doing: string;
  /** "cloudfront:CreateInvalidation" */
  readonly action: string;
  readonly host: string;
  readonly distributionId: string;
}

/** An error of CloudFront's, as the SDK throws it. */
interface Refusal {
  readonly status: number;
  readonly name: string;
  readonly message: string;
}

/** What kept a request from being done, as an error; `cause` is what the SDK has thrown. */
export function cloudFrontError(cause: unknown, deed: Deed): SmartsyncError {
  const { doing, host } = deed;
  if (cause instanceof Error && MISSING_KEYS.test(cause.name)) {
    return new SmartsyncError(`could not ${doing}: no keys could be had: ${cause.message}`, {
      kind: "auth",
      code: "credentials-missing",
      hint: "configure accessKeyId and secretAccessKey, or a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      cause,
    });
  }
  const refusal = readRefusal(cause);
  if (refusal === undefined) return lineError(doing, host, cause);
  const why = refusal.message === "" ? refusal.name : `${refusal.message} (${refusal.name})`;
  return new SmartsyncError(`could not ${doing}: ${why}`, { ...explain(refusal, deed), cause });
}

/** What answers is not CloudFront. */
export function unclearAnswer({ doing }: Pick<Deed, "doing">): SmartsyncError {
  return new SmartsyncError(`could not ${doing}: the answer is none of CloudFront's`, UNCLEAR);
}

/** True for an error after which the SDK signs by the provider's clock: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
export function isClockCorrected(cause: unknown): boolean {
  return metadataOf(cause)?.clockSkewCorrected === true;
}

const MISSING_KEYS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

const UNCLEAR: ErrorDetails = {
  kind: "config",
  code: "cdn-unclear",
  hint: "see `endpoint`, and whether a proxy answers for it",
};

interface Metadata {
  readonly httpStatusCode?: unknown;
  readonly clockSkewCorrected?: unknown;
}

function metadataOf(cause: unknown): Metadata | undefined {
  if (!(cause instanceof Error) || !("$metadata" in cause)) return undefined;
  const { $metadata } = cause;
  return typeof $metadata === "object" && $metadata !== null ? $metadata : undefined;
}

function readRefusal(cause: unknown): Refusal | undefined {
  const status = metadataOf(cause)?.httpStatusCode;
  if (!(cause instanceof Error) || typeof status !== "number") return undefined;
  return { status, name: cause.name, message: cause.message };
}

function explain(refusal: Refusal, deed: Deed): ErrorDetails {
  const known = CASES.find(([names]) => names.test(refusal.name))?.[1];
  if (/signature (?:expired|not yet current)/i.test(refusal.message)) return SKEWED;
  if (known !== undefined) return known(deed);
  if (refusal.status >= 500) return { kind: "transient", code: "server-error" };
  if (refusal.status === 429) return SLOW;
  return /^(?:Error|SyntaxError|Unknown|UnknownError)$/.test(refusal.name) ? UNCLEAR : REFUSED;
}

const SLOW: ErrorDetails = { kind: "transient", code: "slow-down" };

const SKEWED: ErrorDetails = {
  kind: "auth",
  code: "clock-skew",
  hint: "set this machine's clock (timedatectl set-ntp true)",
};

const REFUSED: ErrorDetails = {
  kind: "config",
  code: "cdn-refused",
  hint: "see the distribution's settings, and the docs of this CDN",
};

/** https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html and .../CommonErrors.html there. */
const CASES: readonly (readonly [names: RegExp, (deed: Deed) => ErrorDetails])[] = [
  [
    /^TooManyInvalidationsInProgress$/,
    () => ({
      kind: "transient",
      code: "purges-under-way",
      hint: "somebody else invalidates much in this distribution: the next delivery, or `smartsync purge`, makes up for it",
    }),
  ],
  [/^(Throttling\w*|TooManyRequests\w*|RequestLimitExceeded|SlowDown)$/, () => SLOW],
  [
    /^InvalidationBatchAlreadyExists$/,
    () => ({
      kind: "conflict",
      code: "purge-key-taken",
      hint: "something else was invalidated under the name of this run: `smartsync purge` does it under a new one",
    }),
  ],
  [
    /^NoSuch(Distribution|Invalidation)$/,
    ({ distributionId }) => ({
      kind: "not-found",
      code: "cdn-not-found",
      hint: `see whether \`distributionId\` is right and the keys are of its account: aws cloudfront get-distribution --id ${distributionId}`,
    }),
  ],
  [
    /^(AccessDenied(Exception)?|UnauthorizedOperation)$/,
    ({ action, distributionId }) => ({
      kind: "auth",
      code: "permission-denied",
      hint: `allow ${action} on arn:aws:cloudfront::<account>:distribution/${distributionId}`,
    }),
  ],
  [
    /^(ExpiredToken(Exception)?|TokenRefreshRequired)$/,
    () => ({
      kind: "auth",
      code: "credentials-expired",
      hint: "log in again (aws sso login), or use a profile that takes on a role",
    }),
  ],
  [/^(RequestExpired|RequestTimeTooSkewed|RequestInTheFuture)$/, () => SKEWED],
  [
    /^(InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|InvalidToken|MissingAuthenticationToken\w*|IncompleteSignature|OptInRequired)$/,
    () => ({
      kind: "auth",
      code: "credentials-wrong",
      hint: "see whether accessKeyId and secretAccessKey belong together, were copied whole, and are still active",
    }),
  ],
];
