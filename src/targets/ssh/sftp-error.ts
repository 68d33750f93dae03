import { SmartsyncError } from "../../lib/errors.ts";
import { connectionLost } from "./line-failures.ts";

type Case = Pick<SmartsyncError, "kind" | "code"> & { why: string; hint?: string };

/** What the status codes of SFTP version 3 mean (draft-ietf-secsh-filexfer-02, section 7), as OpenSSH uses them. */
const CASES: Readonly<Record<number, Case>> = {
  2: { kind: "not-found", code: "not-found", why: "it does not exist" },
  3: {
    kind: "config",
    code: "permission-denied",
    why: "permission denied",
    hint: "give the user who logs in write access there, or log in as another user",
  },
  5: { kind: "config", code: "bad-name", why: "the server can't hold a name like this" },
  8: { kind: "config", code: "not-supported", why: "the server does not support it" },
};

const FULL: Case = {
  kind: "config",
  code: "disk-full",
  why: "the server's disk is full",
  hint: "free space there, then run it again",
};

/** The server is at its end itself: NO_CONNECTION and CONNECTION_LOST. */
const LOST = new Set<unknown>([6, 7]);

/** What ssh2 reports of a request, as a SmartsyncError that says what was being done, to what, and why it failed. */
export function sftpError(
  place: string,
  doing: string,
  path: string,
  cause: Error & { code?: unknown },
): SmartsyncError {
  if (typeof cause.code !== "number" || LOST.has(cause.code))
    return connectionLost(place, `while it was to ${doing} ${path}`, cause);
  if (/no space|disk.*full|quota/i.test(cause.message)) return failed(doing, path, FULL, cause);
  const why = `the server says "${cause.message}"`;
  return failed(doing, path, CASES[cause.code] ?? { kind: "config", code: "sftp-failure", why }, cause);
}

/** The disk is full: what the status codes have no number for. */
export function diskFull(doing: string, path: string, cause?: unknown): SmartsyncError {
  return failed(doing, path, FULL, cause);
}

/** True for a failure that the server gave no reason for: there is something already, it is not empty, the disk is full … */
export function isUnexplained(error: unknown): error is SmartsyncError {
  return error instanceof SmartsyncError && error.code === "sftp-failure";
}

/** Gives undefined where the server says for certain that there is no such thing. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SmartsyncError && error.code === "not-found") return undefined;
    throw error;
  }
}

function failed(doing: string, path: string, { why, ...details }: Case, cause: unknown): SmartsyncError {
  return new SmartsyncError(`could not ${doing} ${path}: ${why}`, { ...details, cause });
}
