import { type Answer, type Call, documentOf } from "./answer.ts";
import { S3FakeBucket } from "./bucket.ts";
import { deleteObjects } from "./delete-objects.ts";
import { demand, S3Fault } from "./fault.ts";
import { listObjects } from "./list-objects.ts";
import { abortUpload, completeUpload, createUpload, listParts, listUploads, uploadPart } from "./multipart.ts";
import { copyObject, deleteObject, getObject, getTagging, putObject } from "./objects.ts";
import type { Operation } from "./request.ts";

/** What the operations share. */
export interface Buckets {
  readonly all: Map<string, S3FakeBucket>;
  readonly undeletable: ReadonlyMap<string, S3Fault>;
  /** Where new buckets are. */
  readonly region: string;
}

type Handler = (call: Call, buckets: Buckets) => Answer;

const HANDLERS: Readonly<Record<Exclude<Operation, "AssumeRole" | "CreateBucket">, Handler>> = {
  AbortMultipartUpload: abortUpload,
  CompleteMultipartUpload: completeUpload,
  CopyObject: (call, buckets) => copyObject(call, (name) => findBucket(buckets, name)),
  CreateMultipartUpload: createUpload,
  DeleteBucket({ bucket }, { all }) {
    demand(bucket.keys().length === 0, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    all.delete(bucket.name);
    return { status: 204 };
  },
  DeleteObject: deleteObject,
  DeleteObjects: (call, { undeletable }) => deleteObjects(call, (key) => undeletable.get(key)),
  // us-east-1 has no name here, for reasons of history
  GetBucketLocation: ({ bucket }) =>
    documentOf("LocationConstraint", bucket.region === "us-east-1" ? "" : bucket.region),
  GetObject: getObject,
  GetObjectTagging: getTagging,
  HeadBucket: ({ bucket }) => ({ status: 200, headers: { "x-amz-bucket-region": bucket.region } }),
  HeadObject: getObject,
  ListMultipartUploads: listUploads,
  ListObjectsV2: listObjects,
  ListParts: listParts,
  PutObject: putObject,
  UploadPart: uploadPart,
};

/** The bucket of this name; throws when there is none. */
export function findBucket({ all }: Buckets, name: string): S3FakeBucket {
  const bucket = all.get(name);
  if (bucket !== undefined) return bucket;
  throw new S3Fault(404, "NoSuchBucket", "The specified bucket does not exist", { details: { BucketName: name } });
}

/** Makes a bucket. */
export function createBucket({ all, region }: Buckets, name: string): Answer {
  demand(/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name), 400, "InvalidBucketName", "The specified bucket is not valid.");
  demand(
    !all.has(name),
    409,
    "BucketAlreadyOwnedByYou",
    "The bucket you tried to create already exists, and you own it.",
  );
  all.set(name, new S3FakeBucket(name, region));
  return { status: 200, headers: { location: `/${name}` } };
}

/** Carries out an operation on a bucket. */
export function carryOut(operation: keyof typeof HANDLERS, call: Call, buckets: Buckets): Answer {
  return HANDLERS[operation](call, buckets);
}
