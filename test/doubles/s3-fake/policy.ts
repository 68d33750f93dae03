import type { Operation, S3Request } from "./request.ts";

/** The action of IAM's each operation needs ("Actions, resources, and condition keys for Amazon S3"). */
const ACTIONS: Readonly<Record<Operation, readonly string[]>> = {
  AbortMultipartUpload: ["s3:AbortMultipartUpload"],
  AssumeRole: [],
  CompleteMultipartUpload: ["s3:PutObject"],
  CopyObject: ["s3:GetObject", "s3:PutObject"],
  CreateBucket: ["s3:CreateBucket"],
  CreateMultipartUpload: ["s3:PutObject"],
  DeleteBucket: ["s3:DeleteBucket"],
  DeleteObject: ["s3:DeleteObject"],
  // asked for key by key: what is not allowed is told under a status of 200
  DeleteObjects: [],
  GetBucketLocation: ["s3:GetBucketLocation"],
  GetObject: ["s3:GetObject"],
  GetObjectTagging: ["s3:GetObjectTagging"],
  HeadBucket: ["s3:ListBucket"],
  HeadObject: ["s3:GetObject"],
  ListMultipartUploads: ["s3:ListBucketMultipartUploads"],
  ListObjectsV2: ["s3:ListBucket"],
  ListParts: ["s3:ListMultipartUploadParts"],
  PutObject: ["s3:PutObject"],
  UploadPart: ["s3:PutObject"],
};

/** Every action that has to be allowed for a request. */
export function actionsOf({ operation, headers }: S3Request): readonly string[] {
  return [
    ...ACTIONS[operation],
    ...("x-amz-tagging" in headers ? ["s3:PutObjectTagging"] : []),
    ...("x-amz-acl" in headers ? ["s3:PutObjectAcl"] : []),
  ];
}
