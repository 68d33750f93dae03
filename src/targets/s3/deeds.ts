import type { Deed } from "./s3-error.ts";

/** Everything that is done to a bucket, as messages say it, with the permission it needs. */
export const DEEDS = {
  list: { doing: "list", action: "s3:ListBucket" },
  listUploads: { doing: "list unfinished uploads in", action: "s3:ListBucketMultipartUploads" },
  read: { doing: "read", action: "s3:GetObject" },
  write: { doing: "write", action: "s3:PutObject" },
  copy: { doing: "copy to", action: "s3:PutObject" },
  remove: { doing: "delete", action: "s3:DeleteObject" },
  abort: { doing: "give up the unfinished upload of", action: "s3:AbortMultipartUpload" },
} as const satisfies Record<string, Deed>;
