import type { ItemRule, PurgeItem, PurgeRules } from "../../core/purge-rules.ts";
import { SmartsyncError } from "../../lib/errors.ts";

/**
 * What one request drops: https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps/invalidateCache, and with the
 * same fields https://cloud.google.com/media-cdn/docs/reference/rest/v1/projects.locations.edgeCacheServices/invalidateCache
 */
interface Invalidation {
  /** Every host when absent. */
  readonly host?: string;
  readonly path?: string;
  /** What has one of them at least. */
  readonly cacheTags?: readonly string[];
}

/** 500 a minute, whatever they drop, in any minute: https://cloud.google.com/cdn/docs/cache-invalidation-overview */
const pace = { burst: 20, perSecond: 8 };
const one: ItemRule = { perRequest: 1 };

/**
 * One pattern a request, or ten tags. Paths are compared with those of requests as they stand, case included
 * (https://cloud.google.com/cdn/docs/cache-invalidation-overview, "Invalidation by URLs"); invalidations cost nothing
 * (https://cloud.google.com/cdn/pricing). For Media CDN there is no documented rate, so Cloud CDN's is kept to.
 */
export const invalidationRules: PurgeRules = {
  names: "addresses",
  kinds: { exact: one, directory: one, tag: { perRequest: 10 }, everything: one },
  pace,
  spelling: "as-requested",
};

/** One request's items as Google is told them. `host` stands for that of the items, where it is given. */
export function spellInvalidation(items: readonly PurgeItem[], host: string | undefined): Invalidation {
  const cacheTags = items.flatMap((item) => (item.kind === "tag" ? [item.tag] : []));
  if (cacheTags.length > 0 && cacheTags.length === items.length) return { cacheTags };
  const [item, ...others] = items;
  if (item === undefined || item.kind === "tag" || others.length > 0) {
    throw new SmartsyncError("one request invalidates one path, or tags alone", { kind: "bug", code: "unexpected" });
  }
  const seen = host ?? (item.origin === undefined ? undefined : new URL(item.origin).hostname);
  return { ...(seen !== undefined && { host: seen }), path: patternOf(item) };
}

/** A pattern that ends with an asterisk is a prefix; elsewhere there is none. */
function patternOf(item: Exclude<PurgeItem, { kind: "tag" }>): string {
  if (item.kind === "everything") return "/*";
  return item.kind === "directory" ? `${item.path}*` : item.path;
}
