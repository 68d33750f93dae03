import type { Ctx } from "../../core/context.ts";
import type { ObjectStore, Written } from "../objects/object-store.ts";
import { checkPermissions } from "./check-permissions.ts";
import { patchObject, rewriteObject } from "./copy-object.ts";
import { type GcsBucket, listObjects, objectPath, placeOf, resourceIn, unlessAbsent } from "./gcs-bucket.ts";
import { holdObject } from "./hold-object.ts";
import { etagOf, type ObjectResource, RESOURCE_FIELDS, readResource } from "./object-resource.ts";
import { putLargeObject } from "./put-large-object.ts";
import { putObject } from "./put-object.ts";
import { removeObjects } from "./remove-objects.ts";

/** What is put in one request is held in memory whole. */
const LARGE_FROM = 8 * 1024 * 1024;

/** https://cloud.google.com/storage/docs/objects#naming */
const NAMES = {
  foldsCase: false,
  foldsUnicode: false,
  maxSegmentBytes: 1_024,
  maxPathBytes: 1_024,
  windows: false,
  flat: true,
} as const;

/** How a bucket is used as a store. */
export interface GcsStoreOptions {
  readonly connections: number;
  /** It is Google's own service, and not something that speaks its language. */
  readonly isGoogles: boolean;
}

/** A bucket of Google Cloud Storage as a store. Disposing closes its line. */
export function createGcsStore(bucket: GcsBucket, { connections, isGoogles }: GcsStoreOptions): ObjectStore {
  return {
    place: `gs://${bucket.bucket}`,
    features: [isGoogles ? "generation preconditions" : "a service other than Google's own"],
    concurrency: connections,
    names: NAMES,
    conditions: isGoogles ? "yes" : "unproven",
    redirects: false,
    largeFrom: LARGE_FROM,
    list: (range, ctx) => listObjects(bucket, range, ctx),
    get: (key, ctx) => getObject(bucket, key, ctx),
    async head(key, ctx) {
      const request = { method: "GET", path: objectPath(bucket, key), query: { fields: RESOURCE_FIELDS } } as const;
      const answer = await unlessAbsent(bucket.wire.send(`look at ${placeOf(bucket, key)}`, request, ctx));
      return answer && readResource(resourceIn(answer));
    },
    put: async (...given) => written(await putObject(bucket, ...given)),
    putLarge: async (...given) => written(await putLargeObject(bucket, ...given)),
    async copy(from, to, how, ctx) {
      const { attributes, ifMatch } = how;
      if (from === to && attributes) return written(await patchObject(bucket, to, attributes, ifMatch, ctx));
      return written(await rewriteObject(bucket, from, to, how, ctx));
    },
    remove: (keys, ctx, done) => removeObjects(bucket, keys, connections, ctx, done),
    hold: (...given) => holdObject(bucket, ...given),
    // What is held lies at keys of its own, which their owner clears.
    dropHeld: async () => undefined,
    ...(isGoogles && { examine: (_, ctx) => checkPermissions(bucket, ctx) }),
    async [Symbol.asyncDispose]() {
      bucket.wire[Symbol.dispose]();
    },
  };
}

/** The bytes as they lie there: Google unpacks what is stored as gzip unless it is told that we take it so. */
async function getObject(bucket: GcsBucket, key: string, ctx: Ctx) {
  const request = {
    method: "GET",
    path: objectPath(bucket, key),
    query: { alt: "media" },
    headers: { "accept-encoding": "gzip" },
  } as const;
  const answer = await unlessAbsent(bucket.wire.send(`read ${placeOf(bucket, key)}`, request, ctx));
  if (answer === undefined) return undefined;
  const { "x-goog-generation": generation, "x-goog-metageneration": metageneration } = answer.headers;
  const etag = generation && etagOf({ generation: `${generation}`, metageneration: `${metageneration}` });
  return { content: answer.body, etag: etag ?? "" };
}

function written(resource: ObjectResource): Written {
  return { etag: etagOf(resource) };
}
