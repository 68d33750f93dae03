import { SmartsyncError } from "../../lib/errors.ts";

const CASES: Record<string, Pick<SmartsyncError, "kind" | "code"> & { why: string; hint?: string }> = {
  ENOSPC: { kind: "config", code: "disk-full", why: "the disk is full", hint: "free space there, then run it again" },
  EDQUOT: { kind: "config", code: "disk-full", why: "the quota is used up", hint: "free space, then run it again" },
  EACCES: permission("permission denied"),
  EPERM: permission("the operation is not permitted"),
  EROFS: permission("the file system is read-only"),
  ENOENT: { kind: "not-found", code: "not-found", why: "it does not exist" },
  ENOTDIR: { kind: "conflict", code: "not-a-directory", why: "there is a file where a directory is needed" },
  EEXIST: { kind: "conflict", code: "not-a-directory", why: "there is a file where a directory is needed" },
  EISDIR: { kind: "conflict", code: "is-a-directory", why: "there is a directory where a file is to go" },
  ELOOP: { kind: "conflict", code: "symlink-in-target", why: "its symbolic links lead round in a circle" },
  EXDEV: {
    kind: "config",
    code: "other-file-system",
    why: "it is on another file system than the rest of the site",
    hint: "a delivery that is published in one go is renamed into place: make that directory a target of its own",
  },
  ENAMETOOLONG: { kind: "config", code: "bad-name", why: "the name is too long for this file system" },
  EILSEQ: { kind: "config", code: "bad-name", why: "this file system can't hold the name" },
};

/** These pass: too many open files, and what network file systems say when the server hiccups. */
const TRANSIENT = new Set(["EMFILE", "ENFILE", "EBUSY", "EAGAIN", "EINTR", "ETXTBSY", "ESTALE", "ETIMEDOUT"]);

/** The system's error code ("ENOENT"); undefined when it did not come from the system. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return undefined;
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** Does something with the disk; a failure becomes a SmartsyncError that says what was being done, to what, and why. */
export async function onDisk<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(doing, path, error);
  }
}

/** Like `onDisk`, but gives undefined when the system says one of these: "ENOENT". */
export async function onDiskUnless<T>(
  codes: readonly string[],
  doing: string,
  path: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? "")) return undefined;
    throw diskError(doing, path, error);
  }
}

/** The system's error as a SmartsyncError; anything that did not come from the system as it is. */
export function diskError(doing: string, path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof SmartsyncError) return error;
  const known = CASES[errno];
  if (known) {
    const { why, ...details } = known;
    return new SmartsyncError(`could not ${doing} ${path}: ${why}`, { ...details, cause: error });
  }
  return new SmartsyncError(`could not ${doing} ${path}: ${error instanceof Error ? error.message : errno}`, {
    kind: TRANSIENT.has(errno) ? "transient" : "config",
    code: TRANSIENT.has(errno) ? "disk-busy" : "disk-error",
    cause: error,
  });
}

function permission(why: string): (typeof CASES)[string] {
  const hint = "give the user that runs smartsync write access there, or deliver as another user";
  return { kind: "config", code: "permission-denied", why, hint };
}
