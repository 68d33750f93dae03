import { buffer } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import type { GcsFake } from "../doubles/gcs-fake/gcs-fake.ts";
import type { AzuriteServer } from "../servers/azurite.ts";
import type { S3Bucket } from "../servers/s3-bucket.ts";
import { makeContainer } from "../targets/azure-blob/azurite-container.ts";

/** An object as its store lists it; both change whenever it is written. */
export interface ListedObject {
  readonly etag: string;
  readonly writtenAt: number;
}

/** What visitors get of an object. */
interface ReadObject {
  readonly etag: string;
  readonly content: Uint8Array;
  readonly cacheControl: string | undefined;
}

/** A bucket as its owner and its visitors see it, past smartsync. */
export interface BucketLook {
  /** Every object by its key, smartsync's own too. */
  list(): Promise<Map<string, ListedObject>>;
  /** Undefined when there is no such object. */
  read(key: string): Promise<ReadObject | undefined>;
  /** Keys under which bytes lie that belong to no object. */
  unfinished(): Promise<string[]>;
}

/** Looks into a bucket of an S3 server. */
export function lookIntoS3(bucket: S3Bucket): BucketLook {
  return {
    async list() {
      const objects = await bucket.list();
      return new Map(
        objects.map(({ Key = "", ETag = "", LastModified }) => [
          Key,
          { etag: ETag, writtenAt: LastModified?.getTime() ?? 0 },
        ]),
      );
    },
    async read(key) {
      const found = await bucket.get(key);
      if (found?.Body === undefined) return undefined;
      const { ETag: etag = "", CacheControl: cacheControl } = found;
      return { etag, cacheControl, content: await found.Body.transformToByteArray() };
    },
    unfinished: bucket.openUploads,
  };
}

/** Looks into a container of Azurite. */
export async function lookIntoAzure(server: AzuriteServer, name: string): Promise<BucketLook> {
  const container: ContainerClient = await makeContainer(server, name);
  return {
    async list() {
      const found = new Map<string, ListedObject>();
      for await (const { name, properties } of container.listBlobsFlat()) {
        found.set(name, { etag: properties.etag, writtenAt: properties.lastModified.getTime() });
      }
      return found;
    },
    async read(key) {
      const { etag = "", cacheControl, readableStreamBody } = await container.getBlobClient(key).download();
      if (readableStreamBody === undefined) return undefined;
      // Lists have it without the quotes.
      return { etag: etag.replaceAll('"', ""), cacheControl, content: await buffer(readableStreamBody) };
    },
    async unfinished() {
      const found: string[] = [];
      for await (const { name, properties } of container.listBlobsFlat({ includeUncommitedBlobs: true })) {
        // What was never committed has no bytes to show.
        if (properties.contentLength === 0 && properties.contentMD5 === undefined) found.push(name);
      }
      return found;
    },
  };
}

/** Looks into a bucket of the strict fake of Google Cloud Storage. */
export function lookIntoGcs(fake: GcsFake, name: string): BucketLook {
  const objects = () => fake.buckets.get(name) ?? new Map();
  const etagOf = (key: string) => {
    const { generation, metageneration } = objects().get(key) ?? {};
    return `${generation}/${metageneration}`;
  };
  return {
    list: async () =>
      new Map([...objects()].map(([key, { updated }]) => [key, { etag: etagOf(key), writtenAt: updated }])),
    async read(key) {
      const object = objects().get(key);
      return object && { etag: etagOf(key), cacheControl: object.served.cacheControl, content: object.content };
    },
    unfinished: async () => [...fake.uploads()],
  };
}
