import { z } from "zod";
import type { ItemRule, PurgeRules } from "../core/purge-rules.ts";
import { openEndpoint } from "./azure/endpoint-cdn.ts";
import { endpointSettings } from "./azure/endpoint-settings.ts";
import { defineCdn } from "./cdn.ts";

/**
 * 100 paths a call, of any kind. Beyond the management API's own there is no documented rate
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling: writes of a
 * subscription). Case does not matter, nor does what follows a question mark
 * (https://learn.microsoft.com/azure/frontdoor/cache-purge). How addresses are made normal is not documented.
 */
const each: ItemRule = { perRequest: 100 };
const rules: PurgeRules = {
  names: "paths",
  kinds: { exact: each, directory: each, everything: each },
  mixes: true,
  perRequest: 100,
  pace: { burst: 200, perSecond: 10 },
  spelling: "as-requested",
  ignoresCase: true,
};

/** Azure Front Door, Standard or Premium: https://learn.microsoft.com/rest/api/frontdoor/azurefrontdoorstandardpremium/afd-endpoints/purge-content */
export const azureFrontDoorCdn = defineCdn({
  type: "azure-frontdoor",
  schema: z.strictObject({
    type: z.literal("azure-frontdoor"),
    ...endpointSettings,
    domains: z
      .array(z.string().regex(/^[^*/:\s]+$/, "must be a host name; wildcards can't be purged"))
      .min(1)
      .optional()
      .describe("The host names whose pages are purged; those of the base addresses when absent."),
  }),
  describe: ({ profile, endpoint }) => `Azure Front Door endpoint ${endpoint} of ${profile}`,
  async open(config, options) {
    const { baseUrls = [] } = config;
    const domains = config.domains ?? [...new Set(baseUrls.map((address) => new URL(address).hostname))];
    const besides = domains.length > 0 && { besides: { domains } };
    return openEndpoint(config, options, { resource: "afdEndpoints", rules, ...besides });
  },
});
