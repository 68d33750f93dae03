import type { FileMeta } from "../../core/snapshot.ts";
import type { ObjectAttributes } from "./object-store.ts";

/** What a file's object is given besides its bytes. */
export function attributesOf({ serving, sha256, mtimeMs }: FileMeta): ObjectAttributes {
  return { ...(serving && { serving }), sha256, mtimeMs };
}
