import type { ObjectStore } from "../objects/object-store.ts";
import { copyObject } from "./copy-object.ts";
import { deleteObjects } from "./delete-objects.ts";
import { examine } from "./examine.ts";
import { dropHeld, holdObject } from "./hold-object.ts";
import { listObjects } from "./list-objects.ts";
import { createPartBuffers } from "./part-buffers.ts";
import { putObject } from "./put-object.ts";
import { getObject, headObject } from "./read-object.ts";
import type { S3Connection } from "./s3-connection.ts";
import { type PartSender, putLarge } from "./send-parts.ts";

/** How many parts are in memory at once, among all files of a bucket. */
const PARTS_AT_ONCE = 8;

/** A bucket as an object store. */
export function s3ObjectStore(connection: S3Connection): ObjectStore {
  const { settings, place } = connection;
  const { partSize, names, connections, conditions, redirects, preset } = settings;
  const sender: PartSender = { connection, buffers: createPartBuffers(PARTS_AT_ONCE, partSize) };
  const store: ObjectStore = {
    place,
    features: [`S3, preset ${preset}`, connection.describe()],
    concurrency: connections,
    names,
    conditions,
    ...(!redirects && { redirects }),
    largeFrom: partSize,
    list: (range, ctx) => listObjects(connection, range, ctx),
    get: (key, ctx) => getObject(connection, key, ctx),
    head: (key, ctx) => headObject(connection, key, ctx),
    put: (key, content, attributes, ctx, condition) => putObject(connection, key, content, attributes, ctx, condition),
    putLarge: (key, body, attributes, ctx) => putLarge(sender, key, body, attributes, ctx),
    copy: (from, to, how, ctx) => copyObject(connection, from, to, how, ctx),
    remove: (keys, ctx, done) => deleteObjects(connection, keys, ctx, done),
    hold: (key, _beside, body, attributes, ctx) => holdObject(sender, key, body, attributes, ctx),
    dropHeld: (keys, since, ctx) => dropHeld(connection, keys, since, ctx),
    examine: (scratchKey, ctx) => examine(connection, store, scratchKey, ctx),
    async [Symbol.asyncDispose]() {
      connection.close();
    },
  };
  return store;
}
