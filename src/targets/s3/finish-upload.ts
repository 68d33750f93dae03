import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ObjectAttributes, StoredObject, Written } from "../objects/object-store.ts";
import { completeUpload, etagOfParts, type Part, type Upload } from "./multipart.ts";
import { headObject } from "./read-object.ts";
import type { S3Connection } from "./s3-connection.ts";

/**
 * Makes the object of an upload's parts; may be called again when it is not known whether it did. Throws "upload-gone"
 * (kind conflict) when somebody gave the upload up.
 */
export async function finishUpload(
  connection: S3Connection,
  upload: Upload,
  parts: readonly Part[],
  attributes: ObjectAttributes,
  ctx: Ctx,
): Promise<Written> {
  const written = await completeUpload(connection, upload, parts, ctx);
  if (written !== undefined) return written;
  // The first answer may have got lost: then what lies there is ours.
  const there = await headObject(connection, upload.key, ctx);
  if (there !== undefined && isOurs(there, parts, attributes)) return there;
  throw new SmartsyncError(`could not write ${connection.place}/${upload.key}: its upload is gone`, {
    kind: "conflict",
    code: "upload-gone",
    hint: "a lifecycle rule of the bucket, or somebody else, gave it up; run it again",
  });
}

function isOurs(there: StoredObject, parts: readonly Part[], { sha256, serving }: ObjectAttributes): boolean {
  if (serving !== undefined && there.serving !== serving.hash) return false;
  return there.etag === etagOfParts(parts) || (sha256 !== undefined && there.sha256 === sha256);
}
