import { createHash, randomBytes } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import type { Condition, ObjectAttributes } from "../objects/object-store.ts";
import { type GcsBucket, newObjectQuery, placeOf, resourceIn } from "./gcs-bucket.ts";
import { isTooSoon } from "./gcs-error.ts";
import { conditionQuery, type ObjectResource, writableResource } from "./object-resource.ts";

/** Between the parts of a request; what is sent can't hold it but by chance that is none. */
const BOUNDARY = `smartsync-${randomBytes(24).toString("hex")}`;
const MIDDLE = `\r\n--${BOUNDARY}\r\ncontent-type: application/octet-stream\r\n\r\n`;
const END = `\r\n--${BOUNDARY}--`;
const HEAD = `--${BOUNDARY}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n`;
const HEADERS = { "content-type": `multipart/related; boundary=${BOUNDARY}` };

/** What is sent back of a new object: the rest is known. */
const TOLD = "name,size,generation,metageneration";

/** How often a put is tried that comes too soon after the one before it. */
const ATTEMPTS = 3;

/**
 * Writes a whole object, resource and bytes in one request; the service refuses bytes that don't have this MD5. It takes
 * one change a second of the same object, which smartsync's own records can be too fast for: then it is waited a second.
 * https://cloud.google.com/storage/docs/json_api/v1/how-tos/multipart-upload
 */
export async function putObject(
  bucket: GcsBucket,
  key: string,
  content: Uint8Array,
  attributes: ObjectAttributes,
  ctx: Ctx,
  condition?: Condition,
): Promise<ObjectResource> {
  const md5Hash = createHash("md5").update(content).digest("base64");
  const resource = { md5Hash, ...writableResource(attributes, bucket.storageClass) };
  const query = {
    uploadType: "multipart",
    name: key,
    fields: TOLD,
    ...newObjectQuery(bucket, attributes),
    ...conditionQuery(condition),
  };
  const path = `/upload/storage/v1/b/${bucket.bucket}/o`;
  const body = [`${HEAD}${JSON.stringify(resource)}${MIDDLE}`, content, END];
  const request = { method: "POST", path, query, headers: HEADERS, body } as const;
  for (let attempt = 1; ; attempt++) {
    try {
      return resourceIn(await bucket.wire.send(`put ${placeOf(bucket, key)}`, request, ctx));
    } catch (error) {
      if (!isTooSoon(error) || attempt === ATTEMPTS) throw error;
    }
    await ctx.clock.sleep(1_000, ctx.signal).catch(() => throwIfAborted(ctx.signal));
  }
}
