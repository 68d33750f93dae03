import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";

const TOGETHER = "the site is published on all its targets together: run it again when that is put right";

/** The failure of a target that was not published because others of its group can't be. */
export function heldBack(because: string): SmartsyncError {
  const message = `nothing was changed here, because all targets are published together: ${because}`;
  return new SmartsyncError(message, { kind: "conflict", code: "held-back", hint: TOGETHER });
}

/** The failure of a target that is as it was before, because others of its group could not be published. */
export function putBack(because: string): SmartsyncError {
  const message = `put back as it was, because all targets are published together: ${because}`;
  return new SmartsyncError(message, { kind: "conflict", code: "put-back", hint: TOGETHER });
}

/** The failure of a target that should have been put back, and could not be. */
export function notPutBack(because: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(`could not be put back (${toSmartsyncError(cause).message}) after this: ${because}`, {
    kind: "partial",
    code: "not-put-back",
    hint: "some of its files may be of the new version and some of the old; run the same command again",
    cause,
  });
}
