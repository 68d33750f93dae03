import type { TemporaryKeys } from "./assume-role.ts";
import { type Address, addressAt } from "./bucket-address.ts";
import type { S3Settings } from "./s3-settings.ts";
import type { SigningKeys } from "./sign-v4.ts";

/** Keys, or who gives them whenever somebody asks; the SDK remembers those until shortly before they expire. */
export type KeySource = SigningKeys | (() => Promise<TemporaryKeys>);

/** Who knows what the requests to a bucket need. */
export interface BucketLookup {
  /** The region to begin with. */
  readonly region: string;
  /** Keys, fresh ones when they are to be renewed. */
  findKeys(renew: boolean): Promise<SigningKeys & { readonly expiration?: Date }>;
  /** Where the bucket is in a region. */
  locate(region: string): Address;
}

/**
 * Opens the lookup for a bucket: what the configuration says, or the SDK where it leaves something open. Loading that
 * takes longer than listing a small site.
 */
export async function openLookup(settings: S3Settings, keys?: KeySource, profile?: string): Promise<BucketLookup> {
  const { endpoint, region } = settings;
  if (endpoint !== undefined && region !== undefined && typeof keys === "object") {
    const address = addressAt(endpoint, settings);
    return { region, findKeys: async () => keys, locate: () => address };
  }
  const { openSdkLookup } = await import("./sdk-lookup.ts");
  return openSdkLookup(settings, keys, profile);
}
