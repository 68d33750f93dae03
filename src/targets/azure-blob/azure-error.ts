import { type ErrorKind, SmartsyncError } from "../../lib/errors.ts";

/** A refusal of the blob service. */
export interface Refusal {
  readonly status: number;
  /** The service's own word for it: "ContainerNotFound"; empty where there is none. */
  readonly code: string;
  readonly message: string;
  /** What the service's clock says, in milliseconds since the epoch. */
  readonly serverTime?: number;
}

interface Verdict {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint?: string;
}

const ROLE = "Storage Blob Data Contributor";

/** Requests whose clock differs more are refused. https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
const MOST_SKEW_MS = 14 * 60_000;

const LEASED: Verdict = {
  kind: "conflict",
  code: "object-leased",
  hint: "another program holds a lease on it: let it end, or break it with: az storage blob lease break",
};
const UNCLEAR: Verdict = {
  kind: "config",
  code: "store-unclear",
  hint: "this is no answer of a blob service: see whether `endpoint` is one and not a web site",
};
const CONDITION: Verdict = { kind: "conflict", code: "condition-failed" };
const DENIED: Verdict = {
  kind: "auth",
  code: "permission-denied",
  hint: `give the identity the role "${ROLE}" on the container, or the signature the permissions rwdl; a new role counts after some minutes`,
};
const WRONG: Verdict = {
  kind: "auth",
  code: "credentials-wrong",
  hint: "see that account, key or signature belong together, and that nothing was cut off when they were copied",
};
const EXPIRED: Verdict = { kind: "auth", code: "credentials-expired", hint: "make a new signature or token" };
const NETWORK: Verdict = { ...DENIED, hint: "the account's firewall does not let this machine's address in" };

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and …/common-rest-api-error-codes */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  ContainerNotFound: {
    kind: "config",
    code: "bucket-missing",
    hint: "$web exists once static website hosting is enabled: az storage blob service-properties update --static-website --index-document index.html; others are made with: az storage container create",
  },
  BlobNotFound: { kind: "not-found", code: "not-found" },
  CannotVerifyCopySource: { kind: "not-found", code: "not-found" },
  BlobAlreadyExists: CONDITION,
  ConditionNotMet: CONDITION,
  SourceConditionNotMet: CONDITION,
  TargetConditionNotMet: CONDITION,
  AuthorizationPermissionMismatch: DENIED,
  InsufficientAccountPermissions: DENIED,
  AuthorizationResourceTypeMismatch: DENIED,
  AuthorizationServiceMismatch: DENIED,
  AuthorizationProtocolMismatch: { ...DENIED, hint: "the signature allows https only" },
  AuthorizationFailure: NETWORK,
  AuthorizationSourceIPMismatch: NETWORK,
  KeyBasedAuthenticationNotPermitted: {
    ...DENIED,
    hint: "the account does not allow its keys to be used: sign in with `entra`",
  },
  AccountIsDisabled: { ...DENIED, hint: "see in the portal why the account is disabled" },
  BlobImmutableDueToPolicy: { ...DENIED, hint: "an immutability policy or a legal hold keeps it from being changed" },
  NoAuthenticationInformation: { ...WRONG, code: "credentials-missing" },
  InvalidBlockList: {
    kind: "conflict",
    code: "upload-gone",
    hint: "another program wrote the blob while it lay ready to be published; run again",
  },
  InvalidBlobOrBlock: {
    kind: "conflict",
    code: "foreign-blocks",
    hint: "another program began to upload this blob and did not end it; delete or upload it with that program once, or wait a week",
  },
  InvalidBlobType: {
    kind: "conflict",
    code: "not-a-block-blob",
    hint: "delete the page or append blob that lies there under this name",
  },
  ContainerBeingDeleted: {
    kind: "transient",
    code: "server-error",
    hint: "the container is being deleted; one of this name can be made again after that",
  },
  Md5Mismatch: { kind: "transient", code: "bytes-damaged" },
};

/** Gives what the blob service refused as an error; `doing` says what was tried: "put a.html". */
export function refusalError(doing: string, refusal: Refusal, now: number): SmartsyncError {
  const { status, code, message } = refusal;
  const said = `${message.split("\n")[0]?.trim() || "no reason"} (${status}${code && ` ${code}`})`;
  return new SmartsyncError(`could not ${doing}: the server says: ${said}`, judge(refusal, now));
}

function judge({ status, code, message, serverTime }: Refusal, now: number): Verdict {
  const skew = serverTime === undefined ? 0 : now - serverTime;
  if (status === 403 && Math.abs(skew) > MOST_SKEW_MS) {
    return {
      kind: "auth",
      code: "clock-skew",
      hint: `this machine's clock is ${Math.round(Math.abs(skew) / 60_000)} minutes ${skew > 0 ? "ahead" : "behind"}: set it right`,
    };
  }
  // The emulator calls it AuthorizationFailure, which otherwise means the firewall.
  if (/failed to authenticate/i.test(message)) return judgeSignIn(message);
  const known = VERDICTS[code];
  if (known) return known;
  if (status === 429 || status === 503) return { kind: "transient", code: "slow-down" };
  if (status >= 500) return { kind: "transient", code: "server-error" };
  if (status === 401 || status === 403) return judgeSignIn(message);
  if (/lease/i.test(code)) return LEASED;
  // The service always has a word of its own: without one somebody else answered.
  if (status === 404) return code === "" ? UNCLEAR : { kind: "not-found", code: "not-found" };
  if (status === 412) return CONDITION;
  return { kind: "config", code: "store-refused" };
}

/** "AuthenticationFailed" and "InvalidAuthenticationInfo" say in words only what was wrong. */
function judgeSignIn(message: string): Verdict {
  if (/not valid in the specified time frame|expired|lifetime validation/i.test(message)) return EXPIRED;
  if (/audience|issuer|tenant/i.test(message)) {
    return { ...WRONG, hint: "the account belongs to another tenant: see `tenantId` and `authority`" };
  }
  return WRONG;
}
