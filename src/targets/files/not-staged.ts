import { SmartsyncError } from "../../lib/errors.ts";

/** A file that is to be published was not sent, or is not whole any more. */
export function notStaged(path: string): SmartsyncError {
  return new SmartsyncError(`can't publish ${path}: it does not lie in the stage, whole`, {
    kind: "conflict",
    code: "not-staged",
    hint: "nothing that visitors see was changed; run the same command again",
  });
}
