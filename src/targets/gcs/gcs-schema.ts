import { z } from "zod";

const prefix = z
  .string()
  .regex(/^(?:[^/].*\/)?$/, { error: 'must begin without a slash and end with one: "docs/"', abort: true })
  .refine((text) => !/(^|\/)\.{0,2}\//.test(text), 'must have no empty, "." or ".." folders in it');

// https://cloud.google.com/storage/docs/buckets#naming
const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, "lower-case letters, digits, dots, dashes and underscores; no gs://");

const PREDEFINED_ACLS = [
  "authenticatedRead",
  "bucketOwnerFullControl",
  "bucketOwnerRead",
  "private",
  "projectPrivate",
  "publicRead",
] as const;

/** Where a bucket is, who writes into it, and what its objects are given. */
export const gcsSchema = z
  .strictObject({
    type: z.literal("gcs"),
    bucket: bucket.describe("The bucket's name."),
    prefix: prefix.default("").describe('Before the name of every file of the site: "docs/".'),
    keyFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "A service account's key, or the configuration of a workload identity federation, relative to this file; application default credentials when absent.",
      ),
    userProject: z
      .string()
      .min(1)
      .optional()
      .describe("The project that pays, where the bucket has the requester pay."),
    endpoint: z
      .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
      .transform((text) => text.replace(/\/+$/, ""))
      .default("https://storage.googleapis.com")
      .describe("The address of the JSON API: a private endpoint's, or an emulator's."),
    anonymous: z.literal(true).optional().describe("Send no credentials at all, as emulators want it."),
    predefinedAcl: z
      .enum(PREDEFINED_ACLS)
      .optional()
      .describe("Who may read each file, in a bucket whose access is not uniform; as the bucket says when absent."),
    storageClass: z
      .enum(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"])
      .optional()
      .describe("The storage class of the site's files; the bucket's own when absent."),
    kmsKeyName: z
      .string()
      .regex(/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/, "projects/…/cryptoKeys/…")
      .optional()
      .describe("The Cloud KMS key that files are encrypted with; the bucket's own when absent."),
    stateBucket: bucket
      .optional()
      .describe(
        "The bucket of smartsync's records; the site's own when absent, where visitors of a public bucket can read them.",
      ),
    statePrefix: prefix
      .optional()
      .describe('Before the names of these records; "<prefix>.smartsync/", or "<bucket>/<prefix>" in a bucket apart.'),
    connections: z.int().min(1).max(256).default(64).describe("How many requests are under way at once, at most."),
  })
  .refine(({ anonymous, keyFile }) => anonymous === undefined || keyFile === undefined, {
    error: "anonymous and keyFile exclude one another",
    path: ["anonymous"],
  })
  .refine(({ anonymous, endpoint }) => anonymous !== undefined || isPrivate(endpoint), {
    error: "a token must not travel readable: write https://",
    path: ["endpoint"],
  });

/** Nobody on the way can read along. */
function isPrivate(endpoint: string): boolean {
  return /^https:|^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(endpoint);
}

/** A Google Cloud Storage target's settings after parsing. */
export type GcsConfig = z.output<typeof gcsSchema>;
