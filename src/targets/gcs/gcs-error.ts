import { type ErrorDetails, SmartsyncError } from "../../lib/errors.ts";

/** A refusal of the JSON API: https://cloud.google.com/storage/docs/json_api/v1/status-codes */
export interface Refusal {
  readonly status: number;
  /** The API's own word for it: "rateLimitExceeded"; empty where there is none. */
  readonly reason: string;
  readonly message: string;
}

type Verdict = Pick<ErrorDetails, "kind" | "code" | "hint">;

const ROLE = "Storage Object User (roles/storage.objectUser)";

const CONDITION: Verdict = { kind: "conflict", code: "condition-failed" };
const SLOW_DOWN: Verdict = { kind: "transient", code: "slow-down" };
const SERVER: Verdict = { kind: "transient", code: "server-error" };

/** Gives what the API refused as an error; `doing` says what was tried: "put gs://www/a.html". */
export function refusalError(doing: string, refusal: Refusal): SmartsyncError {
  const { status, reason, message } = refusal;
  const said = `${message.split("\n")[0]?.trim() || "no reason"} (${[status, reason].filter(Boolean).join(" ")})`;
  return new SmartsyncError(`could not ${doing}: Google Cloud Storage says: ${said}`, judge(refusal));
}

/** True when it is one object that was changed twice within a second, and not the bucket that gets too much. */
export function isTooSoon(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "slow-down" && TOO_SOON.test(error.message);
}

// https://cloud.google.com/storage/docs/gcs429
const TOO_SOON = /\bobject\b.* exceed(?:s|ed) the rate limit/;

function judge({ status, reason, message }: Refusal): Verdict {
  if (status === 429 || status === 503 || /rateLimitExceeded/i.test(reason)) return SLOW_DOWN;
  if (status === 408 || status >= 500) return SERVER;
  if (status === 412) return CONDITION;
  if (status === 401) return NOT_ACCEPTED;
  if (status === 403) return judgeDenial(message);
  // Said of an object in these words; whatever else is not there is taken for the bucket, since unreadable is not empty.
  if (status === 404 && message === "") return UNCLEAR;
  if (status === 404) return message.startsWith("No such object") ? NO_SUCH_OBJECT : NO_SUCH_BUCKET;
  if (/requester pays/i.test(message)) return REQUESTER_PAYS;
  return { kind: "config", code: "store-refused" };
}

const NOT_ACCEPTED: Verdict = {
  kind: "auth",
  code: "credentials-wrong",
  hint: "a fresh token was refused: see that the credentials are of the project's own cloud, and that their account is not disabled",
};
const NO_SUCH_OBJECT: Verdict = { kind: "not-found", code: "not-found" };
const NO_SUCH_BUCKET: Verdict = {
  kind: "config",
  code: "bucket-missing",
  hint: "see whether `bucket` is spelt right; make one with: gcloud storage buckets create gs://NAME --location=REGION",
};
const UNCLEAR: Verdict = {
  kind: "config",
  code: "store-unclear",
  hint: "this is no answer of Google Cloud Storage: see whether `endpoint` is one and not a web site",
};
const REQUESTER_PAYS: Verdict = {
  kind: "config",
  code: "store-refused",
  hint: "set `userProject` to the project that pays",
};

/** "deploy@… does not have storage.objects.delete access to …", and what is refused whoever asks. */
function judgeDenial(message: string): Verdict {
  const denied = (hint: string): Verdict => ({ kind: "auth", code: "permission-denied", hint });
  const permission = /\b(?:storage|serviceusage|cloudkms)\.[\w.]+/.exec(message)?.[0];
  if (permission?.startsWith("serviceusage")) return denied(`allow ${permission} on the project in \`userProject\``);
  if (permission?.startsWith("cloudkms") || /cloud kms/i.test(message)) {
    return denied("give the bucket's service agent the role Cloud KMS CryptoKey Encrypter/Decrypter on the key");
  }
  if (/requester pays/i.test(message)) return denied("set `userProject` to the project that pays");
  if (/retention|hold\b/i.test(message)) return denied("a retention policy or a hold keeps the object as it is");
  if (permission?.endsWith("IamPolicy")) return denied("`predefinedAcl` needs the role roles/storage.objectAdmin");
  const right = permission === undefined ? "" : `, which holds ${permission}`;
  return denied(`give the account the role ${ROLE}${right}, on the bucket; a new role counts after some minutes`);
}
