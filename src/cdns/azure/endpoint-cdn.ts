import { z } from "zod";
import type { Ctx } from "../../core/context.ts";
import type { PurgeItem, PurgeRules } from "../../core/purge-rules.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import type { Cdn, OpenCdnOptions } from "../cdn.ts";
import { readJson } from "../read-json.ts";
import type { EndpointConfig } from "./endpoint-settings.ts";
import { openManagement } from "./management.ts";

/** What tells the kinds of endpoint apart. */
export interface EndpointKind {
  /** Its name in addresses and in the names of rights. */
  readonly resource: "afdEndpoints" | "endpoints";
  readonly rules: PurgeRules;
  /** What a purge says besides its paths. */
  readonly besides?: { readonly domains: readonly string[] };
  /** What is to be known of it in any case. */
  readonly notice?: string;
}

const API_VERSION = "2024-02-01";

/** Both kinds call their state by other names. */
const endpointShape = z.object({
  properties: z.object({
    hostName: z.string(),
    enabledState: z.string().optional(),
    resourceState: z.string().optional(),
  }),
});

/** https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
const operationShape = z.object({
  status: z.string(),
  error: z.object({ message: z.string() }).nullish(),
});

/** Opens an endpoint of Azure Front Door or of Azure CDN. */
export function openEndpoint(config: EndpointConfig, options: OpenCdnOptions, kind: EndpointKind): Cdn {
  const { subscriptionId, resourceGroup, profile, endpoint } = config;
  const { resource, besides, notice } = kind;
  const management = openManagement(config, options);
  const right = `Microsoft.Cdn/profiles/${resource}`;
  const [subscription, group, above, own] = [subscriptionId, resourceGroup, profile, endpoint].map(encodeURIComponent);
  const path = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Cdn/profiles/${above}/${resource}/${own}`;
  const version = `api-version=${API_VERSION}`;

  return {
    rules: kind.rules,
    async purge({ items }, ctx) {
      const answer = await management.call(
        {
          doing: `purge ${items.length} ${items.length === 1 ? "path" : "paths"} of ${endpoint}`,
          method: "POST",
          path: `${path}/purge?${version}`,
          json: { contentPaths: items.map(spell), ...besides },
          action: `${right}/Purge/action`,
        },
        ctx,
      );
      const id = operationOf(answer, config.managementUrl);
      return id === undefined ? {} : { id };
    },
    async isThrough({ id }, ctx: Ctx) {
      if (id === undefined) return true;
      const doing = `see how far the purge of ${endpoint} is`;
      const { pathname, search } = new URL(id);
      // Never to another host than the configured one: a token goes with it.
      const call = { doing, method: "GET", path: pathname + search, action: `${right}/read` } as const;
      return readOperation(await management.call(call, ctx), endpoint);
    },
    async examine(ctx) {
      const doing = `look at ${endpoint}`;
      const call = { doing, method: "GET", path: `${path}?${version}`, action: `${right}/read` } as const;
      const read = endpointShape.safeParse(readJson((await management.call(call, ctx)).body));
      if (!read.success) throw unclear(doing);
      const { hostName, enabledState, resourceState = enabledState ?? "in an unknown state" } = read.data.properties;
      return [`endpoint ${hostName}, ${resourceState.toLowerCase()}`, ...(notice === undefined ? [] : [notice])];
    },
    [Symbol.asyncDispose]: () => management[Symbol.asyncDispose](),
  };
}

/** https://learn.microsoft.com/azure/frontdoor/cache-purge, "Supported path formats" */
function spell(item: PurgeItem): string {
  if (item.kind === "tag") throw new Error("Azure knows no tags");
  if (item.kind === "everything") return "/*";
  return item.kind === "directory" ? `${item.path}*` : item.path;
}

/** Where the purge can be followed; undefined when it was done at once. */
function operationOf({ status, headers }: Answer, managementUrl: string): string | undefined {
  const given = headers["azure-asyncoperation"] ?? headers.location;
  return status === 202 && typeof given === "string" ? new URL(given, managementUrl).href : undefined;
}

function readOperation(answer: Answer, endpoint: string): boolean {
  const read = operationShape.safeParse(readJson(answer.body));
  // The address in `location` says it by its status alone.
  if (!read.success) return answer.status !== 202;
  const { status, error } = read.data;
  if (!/^(failed|canceled)$/i.test(status)) return /^succeeded$/i.test(status);
  throw new SmartsyncError(`the purge of ${endpoint} failed: ${error?.message ?? status}`, {
    kind: "refused",
    code: "purge-failed",
    hint: "purge again; when it stays so, see the profile's activity log in the portal",
  });
}

function unclear(doing: string): SmartsyncError {
  return new SmartsyncError(`could not ${doing}: the answer is none of Azure's`, {
    kind: "config",
    code: "cdn-unclear",
    hint: "see `managementUrl`, and whether a proxy answers for it",
  });
}
