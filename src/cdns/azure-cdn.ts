import { z } from "zod";
import type { ItemRule, PurgeRules } from "../core/purge-rules.ts";
import { openEndpoint } from "./azure/endpoint-cdn.ts";
import { endpointSettings } from "./azure/endpoint-settings.ts";
import { defineCdn } from "./cdn.ts";

/**
 * As for Azure Front Door. That case does not matter is not documented here, so it is not relied on
 * (https://learn.microsoft.com/azure/cdn/cdn-purge-endpoint).
 */
const each: ItemRule = { perRequest: 100 };
const rules: PurgeRules = {
  names: "paths",
  kinds: { exact: each, directory: each, everything: each },
  mixes: true,
  perRequest: 100,
  pace: { burst: 200, perSecond: 10 },
  spelling: "as-requested",
};

/** Azure CDN from Microsoft (classic): https://learn.microsoft.com/rest/api/cdn/endpoints/purge-content */
export const azureCdn = defineCdn({
  type: "azure-cdn",
  schema: z.strictObject({ type: z.literal("azure-cdn"), ...endpointSettings }),
  describe: ({ profile, endpoint }) => `Azure CDN endpoint ${endpoint} of ${profile}`,
  async open(config, options) {
    const notice = "Azure CDN (classic) ends on 2027-09-30: move to Azure Front Door before";
    return openEndpoint(config, options, { resource: "endpoints", rules, notice });
  },
});
