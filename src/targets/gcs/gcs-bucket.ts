import type { Ctx } from "../../core/context.ts";
import { isNotFound } from "../../lib/errors.ts";
import type { ObjectAttributes, StoredObject } from "../objects/object-store.ts";
import type { GcsAnswer, GcsWire } from "./gcs-wire.ts";
import { type ObjectResource, RESOURCE_FIELDS, readResource } from "./object-resource.ts";

/** What every object of the site is given besides. */
export interface BucketSettings {
  readonly bucket: string;
  readonly predefinedAcl?: string;
  readonly storageClass?: string;
  readonly kmsKeyName?: string;
}

/** A bucket and the line to it: what each call on objects is made of. */
export interface GcsBucket extends BucketSettings {
  readonly wire: GcsWire;
}

/** "gs://www/お知らせ/1.html", for messages. */
export function placeOf({ bucket }: GcsBucket, key: string): string {
  return `gs://${bucket}/${key}`;
}

/** The path of an object, or of all objects. */
export function objectPath({ bucket }: GcsBucket, key?: string): string {
  return `/storage/v1/b/${bucket}/o${key === undefined ? "" : `/${encodeURIComponent(key)}`}`;
}

/** The query that says what a new object of these attributes may be read by and is encrypted with. */
export function newObjectQuery({ predefinedAcl, kmsKeyName }: GcsBucket, { serving }: ObjectAttributes) {
  return { kmsKeyName, predefinedAcl: serving && predefinedAcl };
}

/** Reads an answer that is an object. */
export function resourceIn({ body }: GcsAnswer): ObjectResource {
  return JSON.parse(body.toString());
}

/** What was asked; undefined when the service says for certain that there is no such object. */
export async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Lists a range of keys: `ObjectStore.list`. https://cloud.google.com/storage/docs/json_api/v1/objects/list */
export async function* listObjects(
  bucket: GcsBucket,
  { prefix, from, until }: { prefix: string; from?: string; until?: string },
  ctx: Ctx,
): AsyncGenerator<readonly StoredObject[]> {
  const doing = `list ${placeOf(bucket, prefix)}`;
  const fields = `nextPageToken,items(${RESOURCE_FIELDS})`;
  const range = { prefix, startOffset: from, endOffset: until, maxResults: "1000", fields };
  let pageToken: string | undefined;
  do {
    const query = { ...range, pageToken };
    const { body } = await bucket.wire.send(doing, { method: "GET", path: objectPath(bucket), query }, ctx);
    const page: { items?: readonly ObjectResource[]; nextPageToken?: string } = JSON.parse(body.toString());
    if (page.items) yield page.items.map(readResource);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
}

/** Deletes one object; fine when there is none. */
export async function deleteObject(bucket: GcsBucket, key: string, ctx: Ctx): Promise<void> {
  const request = { method: "DELETE", path: objectPath(bucket, key) } as const;
  await unlessAbsent(bucket.wire.send(`delete ${placeOf(bucket, key)}`, request, ctx));
}
