import { type ErrorKind, SmartsyncError } from "./errors.ts";
import { SilenceError } from "./http-line.ts";

/**
 * What kept a request from being answered at all, as an error: no host, no connection, no trust. `doing` is what was
 * tried: "put s3://www/a.html".
 */
export function lineError(doing: string, host: string, cause: unknown): SmartsyncError {
  if (cause instanceof SmartsyncError) return cause;
  const { name, code, message } = describe(cause);
  const fail = (kind: ErrorKind, errorCode: string, why: string, hint?: string) =>
    new SmartsyncError(`could not ${doing}: ${why}`, { kind, code: errorCode, ...(hint && { hint }), cause });
  if (name === "AbortError") {
    return new SmartsyncError("stopped before it was finished", { kind: "aborted", code: "aborted", cause });
  }
  if (code === "ENOTFOUND") {
    const hint =
      "see whether the names in the configuration are spelt right, and whether this machine can look up names";
    return fail("config", "host-not-found", `there is no host ${host}`, hint);
  }
  if (code.startsWith("ERR_INVALID_CHAR")) {
    const hint = "write headers in ASCII; a name in Content-Disposition as filename*=UTF-8''%E6%97%A5.pdf";
    return fail("config", "header-unsendable", "a header holds characters that HTTP can't carry", hint);
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET/.test(code)) {
    const hint = "where a company's own authority signs it, name its file in the variable NODE_EXTRA_CA_CERTS";
    return fail("auth", "certificate-untrusted", `the certificate of ${host} can't be trusted: ${message}`, hint);
  }
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) {
    const hint = "see whether the port speaks TLS; the endpoint of one that does not begins with http://";
    return fail("config", "tls-handshake-failed", `the connection to ${host} could not be encrypted`, hint);
  }
  if (cause instanceof SilenceError || name === "TimeoutError") {
    const hint = "see whether the network is up; `timeout` can be longer for a slow server";
    return fail("transient", "timeout", `${host} has been silent for too long`, hint);
  }
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ETIMEDOUT)$/.test(code)) {
    const hint = "see whether the endpoint is right and a firewall lets it through";
    return fail("transient", "connect-failed", `${host} can't be reached: ${message || code}`, hint);
  }
  if (code === "" && !(cause instanceof Error && name === "Error" && /socket|network|proxy/i.test(message))) {
    return new SmartsyncError(`could not ${doing}: ${message}`, { kind: "bug", code: "unexpected", cause });
  }
  return fail(
    "transient",
    "connection-lost",
    `the connection to ${host} was lost: ${message}`,
    "see whether the network is up",
  );
}

/** A name with several addresses fails with one error for each: the first one says it. */
function describe(cause: unknown): { name: string; code: string; message: string } {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (!(first instanceof Error)) return { name: "", code: "", message: String(first) };
  const code = "code" in first && typeof first.code === "string" ? first.code : "";
  return { name: first.name, code, message: first.message };
}
