import { z } from "zod";
import { defineCdn } from "./cdn.ts";
import { openGoogleApi } from "./google/google-api.ts";
import { apiUrl, googleSettings } from "./google/google-settings.ts";
import { invalidationRules, spellInvalidation } from "./google/invalidation.ts";

const NAMED = "`project` and `service`";

/**
 * Google Media CDN. Its invalidations have no name and can't be followed; doing one twice is harmless
 * (https://cloud.google.com/media-cdn/docs/reference/rest/v1/projects.locations.edgeCacheServices/invalidateCache).
 */
export const mediaCdn = defineCdn({
  type: "media-cdn",
  schema: z.strictObject({
    type: z.literal("media-cdn"),
    ...googleSettings,
    service: z.string().min(1).describe("The EdgeCacheService's name."),
    apiUrl: apiUrl("https://networkservices.googleapis.com"),
  }),
  describe: ({ project, service }) => `Google Media CDN service ${service} in ${project}`,
  async open({ project, service, host, keyFile, apiUrl }, options) {
    const api = await openGoogleApi(apiUrl, keyFile, options);
    const path = `/v1/projects/${encodeURIComponent(project)}/locations/global/edgeCacheServices/${encodeURIComponent(service)}`;
    return {
      rules: invalidationRules,
      async purge({ items }, ctx) {
        await api.call(
          {
            doing: `invalidate ${items.length} ${items.length === 1 ? "item" : "items"} of ${service}`,
            method: "POST",
            path: `${path}:invalidateCache`,
            json: spellInvalidation(items, host),
            needs: {
              permission: "networkservices.EdgeCacheServices.invalidateCache",
              role: "roles/networkservices.edgeCacheUser",
              named: NAMED,
            },
          },
          ctx,
        );
        return {};
      },
      async examine(ctx) {
        const needs = {
          permission: "networkservices.EdgeCacheServices.get",
          role: "roles/networkservices.edgeCacheUser",
          named: NAMED,
        };
        await api.call({ doing: `look at service ${service}`, method: "GET", path, needs }, ctx);
        return [`service ${service} of project ${project}`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});
