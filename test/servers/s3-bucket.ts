import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type _Object as ListedObject,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type MultipartUpload,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Server } from "./s3-server.ts";

/** A bucket looked at with the AWS SDK, past smartsync. */
export interface S3Bucket {
  readonly name: string;
  /** For what is not here. */
  readonly client: S3Client;
  /** Every object, in key order. */
  list(prefix?: string): Promise<ListedObject[]>;
  keys(prefix?: string): Promise<string[]>;
  /** The object and how it is served; undefined when there is none. */
  get(key: string): Promise<GetObjectCommandOutput | undefined>;
  /** The bytes; undefined when there is no such object. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** What it is served with; undefined when there is no such object. */
  head(key: string): Promise<HeadObjectCommandOutput | undefined>;
  write(key: string, content: string | Uint8Array): Promise<void>;
  /** The keys of multipart uploads that are neither completed nor aborted. */
  openUploads(): Promise<string[]>;
  remove(keys: readonly string[]): Promise<void>;
  /** Takes every object away, and every upload that is neither completed nor aborted. */
  clear(): Promise<void>;
  /** Takes the bucket away with all that is in it. */
  drop(): Promise<void>;
}

/** Makes a bucket with the server's own keys. */
export async function makeBucket(server: S3Server, name: string): Promise<S3Bucket> {
  const bucket = openBucket(server, name);
  await bucket.client.send(new CreateBucketCommand({ Bucket: name }));
  return bucket;
}

/** A bucket that is there already. */
export function openBucket(server: S3Server, name: string): S3Bucket {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
    forcePathStyle: true,
    // What old compatibles know: plain bodies, and an MD5 where a checksum must be.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const Bucket = name;

  async function list(prefix?: string): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token }));
      found.push(...(page.Contents ?? []));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  }
  const get = (key: string): Promise<GetObjectCommandOutput | undefined> =>
    unlessAbsent(client.send(new GetObjectCommand({ Bucket, Key: key })));
  const keys = async (prefix?: string) => (await list(prefix)).map(({ Key = "" }) => Key);

  async function remove(unwanted: readonly string[]): Promise<void> {
    for (let i = 0; i < unwanted.length; i += 1_000) {
      const Objects = unwanted.slice(i, i + 1_000).map((Key) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects }, ChecksumAlgorithm: "MD5" }));
    }
  }

  async function uploads(): Promise<MultipartUpload[]> {
    const found: MultipartUpload[] = [];
    let page: ListMultipartUploadsCommandOutput | undefined;
    do {
      const markers = { KeyMarker: page?.NextKeyMarker, UploadIdMarker: page?.NextUploadIdMarker };
      page = await client.send(new ListMultipartUploadsCommand({ Bucket, ...markers }));
      found.push(...(page.Uploads ?? []));
    } while (page.IsTruncated);
    return found;
  }

  async function clear(): Promise<void> {
    await remove(await keys());
    for (const { Key, UploadId } of await uploads()) {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
  }

  return {
    name,
    client,
    list,
    keys,
    get,
    remove,
    clear,
    async read(key) {
      return await (await get(key))?.Body?.transformToByteArray();
    },
    head: (key) => unlessAbsent(client.send(new HeadObjectCommand({ Bucket, Key: key }))),
    async write(key, content) {
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body: Buffer.from(content) }));
    },
    openUploads: async () => (await uploads()).map(({ Key = "" }) => Key),
    async drop() {
      await clear();
      await client.send(new DeleteBucketCommand({ Bucket }));
    },
  };
}

async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NoSuchKey || error instanceof NotFound) return undefined;
    throw error;
  }
}
