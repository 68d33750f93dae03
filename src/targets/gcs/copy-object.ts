import type { Ctx } from "../../core/context.ts";
import type { ObjectAttributes, ObjectStore } from "../objects/object-store.ts";
import { type GcsBucket, objectPath, placeOf, resourceIn } from "./gcs-bucket.ts";
import {
  conditionQuery,
  etagOf,
  leftoverMetadata,
  type ObjectResource,
  RESOURCE_FIELDS,
  writableResource,
} from "./object-resource.ts";

const JSON_BODY = { "content-type": "application/json; charset=utf-8" };

/** What a copy is to be: see `ObjectStore.copy`. */
export type CopyHow = Parameters<ObjectStore["copy"]>[2];

/**
 * Copies an object in the bucket. Large ones, or those that change their class, take several requests, of which only
 * the last shows the copy. https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite
 */
export async function rewriteObject(
  bucket: GcsBucket,
  from: string,
  to: string,
  { attributes, ifMatch }: CopyHow,
  ctx: Ctx,
): Promise<ObjectResource> {
  const doing = `copy ${placeOf(bucket, from)} to ${placeOf(bucket, to)}`;
  const path = `${objectPath(bucket, from)}/rewriteTo/b/${bucket.bucket}/o/${encodeURIComponent(to)}`;
  const isRecord = attributes !== undefined && attributes.serving === undefined;
  const query = {
    destinationKmsKeyName: bucket.kmsKeyName,
    destinationPredefinedAcl: isRecord ? undefined : bucket.predefinedAcl,
    fields: `done,rewriteToken,resource(${RESOURCE_FIELDS})`,
    ...conditionQuery(ifMatch === undefined ? undefined : { ifMatch }, "Source"),
  };
  const body = attributes && [JSON.stringify(writableResource(attributes, bucket.storageClass))];
  let rewriteToken: string | undefined;
  for (;;) {
    const request = {
      method: "POST",
      path,
      query: { ...query, rewriteToken },
      ...(body && { headers: JSON_BODY, body }),
    };
    const answer = await bucket.wire.send(doing, { ...request, method: "POST" }, ctx);
    const told: { done: boolean; rewriteToken?: string; resource: ObjectResource } = JSON.parse(answer.body.toString());
    if (told.done) return told.resource;
    rewriteToken = told.rewriteToken;
  }
}

/**
 * Serves an object otherwise, by one request that touches no bytes: unlike a rewrite onto itself it makes no old
 * version, and costs nothing in the colder storage classes. What is not given is taken away; only custom metadata is
 * merged, so where the answer still shows names that are not wanted, a second request takes these away.
 * https://cloud.google.com/storage/docs/json_api/v1/objects/patch
 */
export async function patchObject(
  bucket: GcsBucket,
  key: string,
  attributes: ObjectAttributes,
  ifMatch: string | undefined,
  ctx: Ctx,
): Promise<ObjectResource> {
  const { storageClass: _, ...wanted } = writableResource(attributes);
  const patch = async (changes: object, etag: string | undefined) => {
    const query = { fields: RESOURCE_FIELDS, ...conditionQuery(etag === undefined ? undefined : { ifMatch: etag }) };
    const request = { path: objectPath(bucket, key), query, headers: JSON_BODY, body: [JSON.stringify(changes)] };
    const doing = `change the headers of ${placeOf(bucket, key)}`;
    return resourceIn(await bucket.wire.send(doing, { method: "PATCH", ...request }, ctx));
  };
  const patched = await patch(wanted, ifMatch);
  const leftover = leftoverMetadata(patched, wanted.metadata);
  if (leftover.length === 0) return patched;
  return await patch({ metadata: Object.fromEntries(leftover.map((name) => [name, null])) }, etagOf(patched));
}
