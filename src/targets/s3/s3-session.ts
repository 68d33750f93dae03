import type { Ctx } from "../../core/context.ts";
import type { Address } from "./bucket-address.ts";
import type { KeySource } from "./bucket-lookup.ts";
import { openLookup } from "./bucket-lookup.ts";
import type { Cure, S3Failure } from "./s3-failure.ts";
import type { S3Settings } from "./s3-settings.ts";
import type { SigningKeys } from "./sign-v4.ts";

/** What a request is signed with. */
export interface Signed {
  readonly region: string;
  readonly keys: SigningKeys;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  readonly skewMs: number;
}

/** Who speaks to a bucket, from where it stands now: keys, clock, region and address, which may turn out to be others. */
export interface S3Session {
  readonly address: Address;
  readonly region: string;
  /** What to sign the next request with; asks for keys where there are none that are fresh. */
  current(): Promise<Signed>;
  /** Puts right what a request signed so failed with; false when that is not possible. */
  mend(cure: Cure, failure: S3Failure, by: Signed, ctx: Ctx): Promise<boolean>;
}

/** What a session is opened with besides the settings. */
export interface SessionOptions {
  /** The target's name, for warnings. */
  readonly name: string;
  readonly profile?: string;
  readonly keys: KeySource | undefined;
}

/** The SDK asks its sources for new keys so long before the old ones end. */
const RENEWED_EARLY_MS = 300_000;
/** Asking the SDK costs more than a signature: what it said holds for so long, or until it would ask anew. */
const TRUSTED_MS = 60_000;

/** Opens a session; nothing is sent yet. */
export async function openSession(settings: S3Settings, options: SessionOptions): Promise<S3Session> {
  const lookup = await openLookup(settings, options.keys, options.profile);
  let { region } = lookup;
  let address = lookup.locate(region);
  let keys: SigningKeys | undefined;
  let trustedUntil = 0;
  let skewMs = 0;

  async function findKeys(renew: boolean): Promise<SigningKeys> {
    const found = await lookup.findKeys(renew);
    keys = found;
    trustedUntil = Math.min(Date.now() + TRUSTED_MS, (found.expiration?.getTime() ?? Infinity) - RENEWED_EARLY_MS);
    return found;
  }

  /** AWS's endpoint follows from the region; a configured one stays, and only the region to sign with is taken over. */
  function followRegion({ region: right, code }: S3Failure, by: Signed, ctx: Ctx): boolean {
    if (right === undefined || right === by.region) return false;
    if (settings.endpoint !== undefined && code !== "AuthorizationHeaderMalformed") return false;
    if (right === region) return true;
    region = right;
    address = lookup.locate(region);
    if (settings.region === undefined) return true;
    ctx.emit({
      type: "warning",
      target: options.name,
      code: "region-followed",
      message: `the bucket "${settings.bucket}" is in ${right}, not in ${settings.region}; smartsync went there`,
      hint: `write region: ${right}, which saves a request in every run`,
    });
    return true;
  }

  return {
    get address() {
      return address;
    },
    get region() {
      return region;
    },
    async current() {
      const fresh = keys !== undefined && Date.now() < trustedUntil ? keys : await findKeys(false);
      return { region, keys: fresh, skewMs };
    },
    async mend(cure, failure, by, ctx) {
      switch (cure) {
        case "token":
          // Another request may have been faster.
          return keys !== by.keys || (await findKeys(true)) !== by.keys;
        case "clock":
          skewMs = (failure.serverMs ?? Date.now()) - Date.now();
          return true;
        case "region":
          return followRegion(failure, by, ctx);
      }
    },
  };
}
