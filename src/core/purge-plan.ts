import type { ItemKind, PurgeItem, PurgeRules } from "./purge-rules.ts";
import type { RelPath } from "./rel-path.ts";

/** Where visitors find a site's files. */
export interface SiteAddresses {
  /** Addresses of the site's root, each with a slash at its end. */
  readonly baseUrls: readonly string[];
  /** Where pages are served as well. */
  readonly cleanUrls: "none" | "plain" | "slash" | "both";
}

/** How much more than the cheapest way may be spent so that less is dropped beside what has changed. */
export interface Tolerance {
  /** Longer than the quickest way, by the provider's documented rates. */
  readonly seconds: number;
  /** Dearer than the cheapest way. */
  readonly usd: number;
}

/** What was used of a CDN before. */
export interface Usage {
  /** Items paid for or free in this month. */
  readonly itemsThisMonth: number;
  /** Items that may still be asked for today, by kind, where the CDN tells. */
  readonly leftToday?: Readonly<Partial<Record<ItemKind, number>>>;
}

/** Everything a purge is planned from. */
export interface PurgeInput {
  /** Paths whose content, headers or absence visitors are to see. */
  readonly changed: readonly RelPath[];
  /** Every path of the site as it is now. */
  readonly site: Iterable<RelPath>;
  readonly addresses: SiteAddresses;
  readonly rules: PurgeRules;
  readonly tolerance: Tolerance;
  readonly usage: Usage;
  /** Tags that the origin gives files, where that is configured. */
  readonly tagsOf?: (path: RelPath) => readonly string[];
  /**
   * Whether a changed file was there before, so that what is cached of it bears its tags: "404 not found" bears none.
   * True of all when absent.
   */
  readonly wasThere?: (path: RelPath) => boolean;
}

/** What made the plan drop more than what has changed, or nothing did. */
export type PurgeReason = "exact" | "price" | "time" | "limit" | "quota" | "asked";

/** What is asked of a CDN, in order: plain data. */
export interface PurgePlan {
  /** Each is one request. */
  readonly batches: readonly (readonly PurgeItem[])[];
  readonly items: number;
  /** Of the site's files: how many have changed, how many are dropped with them, and how many there are. */
  readonly changed: number;
  readonly dropped: number;
  readonly of: number;
  /** What the items cost; undefined where the provider takes no money for them. */
  readonly usd?: number;
  /** How long the requests take by the provider's documented rates, at least. */
  readonly seconds: number;
  readonly reason: PurgeReason;
}
