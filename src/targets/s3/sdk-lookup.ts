import { S3Client } from "@aws-sdk/client-s3";
import { addressAt, addressOf } from "./bucket-address.ts";
import type { BucketLookup, KeySource } from "./bucket-lookup.ts";
import type { S3Settings } from "./s3-settings.ts";

/**
 * The lookup by the SDK: it finds keys wherever AWS's tools do (and keeps them until shortly before they expire), knows
 * the region of a profile or a machine, and AWS's host names.
 */
export async function openSdkLookup(
  settings: S3Settings,
  keys: KeySource | undefined,
  profile: string | undefined,
): Promise<BucketLookup> {
  const { bucket, endpoint, forcePathStyle } = settings;
  const region = settings.region ?? (await regionOfMachine(profile));
  const { config } = new S3Client({
    region,
    ...(keys !== undefined && { credentials: keys }),
    ...(profile !== undefined && { profile }),
  });
  return {
    region,
    findKeys: (renew) => config.credentials(renew ? { forceRefresh: true } : undefined),
    locate(where) {
      if (endpoint !== undefined) return addressAt(endpoint, settings);
      return addressOf(config.endpointProvider({ Bucket: bucket, Region: where, ForcePathStyle: forcePathStyle }).url);
    },
  };
}

/** What AWS_REGION or the profile says; else the region that knows where every bucket is. */
async function regionOfMachine(profile: string | undefined): Promise<string> {
  try {
    return await new S3Client(profile === undefined ? {} : { profile }).config.region();
  } catch {
    return "us-east-1";
  }
}
