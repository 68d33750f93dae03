import { type ErrorKind, SmartsyncError } from "../../lib/errors.ts";
import type { S3Failure } from "./s3-failure.ts";

/** What was being done, for messages, and the permission it needs. */
export interface Deed {
  /** Ends in a verb's object: "upload", "list". */
  readonly doing: string;
  readonly action: string;
}

/** What a failure is told of besides what the store said. */
export interface Where {
  readonly deed: Deed;
  /** The store and the key: "s3://www-example/index.html". */
  readonly what: string;
  readonly bucket: string;
  /** What the permission has to be given on: "arn:aws:s3:::www-example/*". */
  readonly resource: string;
  /** The region the request was signed for. */
  readonly region: string;
}

interface Case {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly why: string;
  readonly hint?: string;
}

/** What a store said, as an error that says what was being done, to what, why it failed and what helps. */
export function s3Error(failure: S3Failure, where: Where): SmartsyncError {
  const { why, ...details } = explain(failure, where);
  return new SmartsyncError(`could not ${where.deed.doing} ${where.what}: ${why}`, {
    ...details,
  });
}

function explain(failure: S3Failure, where: Where): Case {
  const known = CASES.find(([codes]) => codes.test(failure.code))?.[1];
  if (known !== undefined) return known(failure, where);
  if (failure.status >= 500) return serverError(failure);
  const hint =
    "see whether this store can do what acl, storageClass, sse, tags and checksums ask of it, where they are set";
  return { kind: "config", code: "store-refused", why: said(failure), hint };
}

const CASES: readonly (readonly [codes: RegExp, (failure: S3Failure, where: Where) => Case])[] = [
  [
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSecurity|InvalidToken|NotSignedUp)$/,
    (failure) => ({
      kind: "auth",
      code: "credentials-wrong",
      why: `the store does not accept the keys: ${said(failure)}`,
      hint: "see whether accessKeyId and secretAccessKey belong together, were copied whole, and are still active",
    }),
  ],
  [
    /^(ExpiredToken(Exception)?|TokenRefreshRequired|RequestExpired)$/,
    (failure) => ({
      kind: "auth",
      code: "credentials-expired",
      why: `the temporary keys have expired: ${said(failure)}`,
      hint: "log in again (aws sso login), or let smartsync take on the role itself: roleArn",
    }),
  ],
  [
    /^(RequestTimeTooSkewed|RequestInTheFuture)$/,
    ({ serverMs }) => ({
      kind: "auth",
      code: "clock-skew",
      why: `the clocks differ: here it is ${shown(Date.now())}${serverMs === undefined ? "" : `, there ${shown(serverMs)}`}`,
      hint: "set this machine's clock (timedatectl set-ntp true)",
    }),
  ],
  [/^(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/, wrongRegion],
  [/^(AccessDenied|AllAccessDisabled|AccountProblem|Forbidden)$/, denied],
  [
    /^(NoSuchBucket|InvalidBucketName)$/,
    (_, { bucket, region }) => ({
      kind: "config",
      code: "bucket-missing",
      why: `there is no bucket "${bucket}"`,
      hint: `see whether bucket, endpoint and region (${region}) are right; smartsync makes no buckets`,
    }),
  ],
  [/^(NoSuchKey|NotFound|NoSuchUpload)$/, (failure) => ({ kind: "not-found", code: "not-found", why: said(failure) })],
  [
    /^PreconditionFailed$/,
    () => ({ kind: "conflict", code: "condition-failed", why: "somebody else has changed it meanwhile" }),
  ],
  [
    /^(SlowDown|SlowDownWrite|SlowDownRead|ServiceUnavailable|TooManyRequests|RequestLimitExceeded|Throttling\w*|BandwidthLimitExceeded)$/,
    (failure) => ({
      kind: "transient",
      code: "slow-down",
      why: `the store wants fewer requests: ${said(failure)}`,
      hint: "smartsync slows down by itself; a lower `connections` spares it the finding out",
    }),
  ],
  [
    /^(InternalError|OperationAborted|ConditionalRequestConflict|Conflict|RequestTimeout|IncompleteBody)$/,
    (failure) => serverError(failure),
  ],
  [
    /^(BadDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch|InvalidDigest)$/,
    (failure) => ({
      kind: "transient",
      code: "bytes-damaged",
      why: `other bytes arrived than were sent: ${said(failure)}`,
    }),
  ],
  [
    /^(NotImplemented|MethodNotAllowed|AccessControlListNotSupported|InvalidStorageClass|InvalidTag)$/,
    (failure) => ({
      kind: "config",
      code: "not-supported",
      why: `the store can't do that: ${said(failure)}`,
      hint: "leave acl, storageClass, sse and tags out, or choose the preset of this store",
    }),
  ],
];

/** Who may not list is denied objects that are not there, too: unless the store names the action, it may be either. */
function denied(failure: S3Failure, { deed, bucket, resource }: Where): Case {
  const named = /\bs3:[A-Z]\w+/.exec(failure.message)?.[0];
  const action = named ?? deed.action;
  const ofBucket = `arn:aws:s3:::${bucket}`;
  const listing = named === undefined && action === "s3:GetObject";
  const where = action.startsWith("s3:ListBucket") ? ofBucket : resource;
  return {
    kind: "auth",
    code: "permission-denied",
    why: `${action} ${listing ? "or s3:ListBucket " : ""}is not allowed${failure.message && failure.message !== "Access Denied" ? `: ${said(failure)}` : ""}`,
    hint: `allow ${action} on ${where}${listing ? ` and s3:ListBucket on ${ofBucket}` : ""} in the policy of the user or role${listing ? "; without the latter, objects that are not there are denied as well" : ""}`,
  };
}

function wrongRegion(failure: S3Failure, { bucket, region }: Where): Case {
  const right = failure.region;
  return {
    kind: "config",
    code: "wrong-region",
    why: `the bucket "${bucket}" is not in ${region}: ${said(failure)}`,
    hint:
      right === undefined
        ? "write the bucket's own region, and the endpoint that belongs to it"
        : `write region: ${right}, and the endpoint that belongs to it where one is configured`,
  };
}

function serverError(failure: S3Failure): Case {
  return { kind: "transient", code: "server-error", why: `the store failed: ${said(failure)}` };
}

/** What the store said, in its own words where it had any. */
function said({ message, code, status }: S3Failure): string {
  return `${message === "" ? "it answered" : `"${message}"`} (${code}, HTTP ${status})`;
}

function shown(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
