import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { HeldObject, ObjectAttributes, Written } from "../objects/object-store.ts";
import { rewriteObject } from "./copy-object.ts";
import { deleteObject, type GcsBucket, placeOf } from "./gcs-bucket.ts";
import { etagOf } from "./object-resource.ts";
import { putLargeObject } from "./put-large-object.ts";
import { putObject } from "./put-object.ts";

/**
 * Lays an object at a key beside; committing copies it within the bucket to its own, and then deletes it there:
 * `ObjectStore.hold`. Until both have succeeded a commit can be made again.
 */
export async function holdObject(
  bucket: GcsBucket,
  key: string,
  beside: string,
  body: Uint8Array | Readable,
  attributes: ObjectAttributes,
  ctx: Ctx,
): Promise<HeldObject> {
  // Nobody is to read it before its time.
  const { predefinedAcl: _, ...hidden } = bucket;
  const held = await (body instanceof Uint8Array
    ? putObject(hidden, beside, body, attributes, ctx)
    : putLargeObject(hidden, beside, body, attributes, ctx));
  let committed: Written | undefined;
  return {
    async commit(ctx) {
      committed ??= await publish(bucket, beside, key, { attributes, ifMatch: etagOf(held) }, ctx);
      await deleteObject(bucket, beside, ctx);
      return committed;
    },
    discard: (ctx) => deleteObject(bucket, beside, ctx),
  };
}

async function publish(...[bucket, beside, key, how, ctx]: Parameters<typeof rewriteObject>): Promise<Written> {
  try {
    return { etag: etagOf(await rewriteObject(bucket, beside, key, how, ctx)) };
  } catch (error) {
    if (!(error instanceof SmartsyncError && ["not-found", "condition-failed"].includes(error.code))) throw error;
    throw new SmartsyncError(`could not publish ${placeOf(bucket, key)}: what was uploaded for it is gone`, {
      kind: "conflict",
      code: "upload-gone",
      hint: "a lifecycle rule of the bucket, or another program, took it away; run again",
      cause: error,
    });
  }
}
