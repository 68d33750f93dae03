import { akamaiCdn } from "./akamai.ts";
import { alibabaCdn } from "./alibaba-cdn.ts";
import { azureCdn } from "./azure-cdn.ts";
import { azureFrontDoorCdn } from "./azure-frontdoor.ts";
import { bunnyCdn } from "./bunny.ts";
import type { CdnType } from "./cdn.ts";
import { cloudflareCdn } from "./cloudflare.ts";
import { cloudFrontCdn } from "./cloudfront.ts";
import { fastlyCdn } from "./fastly.ts";
import { googleCdn } from "./google-cdn.ts";
import { mediaCdn } from "./media-cdn.ts";
import { nginxCdn } from "./nginx.ts";
import { sakuraWebaccelCdn } from "./sakura-webaccel.ts";
import { varnishCdn } from "./varnish.ts";

/** Every kind of CDN, by its `type` in the configuration. A new one is one file and one line here. */
export const cdnTypes: readonly CdnType[] = [
  akamaiCdn,
  alibabaCdn,
  azureCdn,
  azureFrontDoorCdn,
  bunnyCdn,
  cloudflareCdn,
  cloudFrontCdn,
  fastlyCdn,
  googleCdn,
  mediaCdn,
  nginxCdn,
  sakuraWebaccelCdn,
  varnishCdn,
];
