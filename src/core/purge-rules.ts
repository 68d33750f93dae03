/** What an item of a purge can name, from what leaves most cached to what leaves nothing. */
export const ITEM_KINDS = ["exact", "directory", "tag", "everything"] as const;

/** One of them. */
export type ItemKind = (typeof ITEM_KINDS)[number];

/**
 * One thing that a CDN is asked to drop. `path` is encoded as it stands in the address, and begins with a slash; a
 * directory's ends with one, and means everything below it and the directory's own address. `origin` is the address
 * before the path ("https://www.example.jp"), absent where a CDN is told paths alone.
 */
export type PurgeItem =
  | { readonly kind: "exact" | "directory"; readonly origin?: string; readonly path: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "everything"; readonly origin?: string };

/** How fast something may be done: so much at once after a rest, and so much a second then. A token bucket. */
export interface Pace {
  readonly burst: number;
  readonly perSecond: number;
}

/** What a CDN takes of one kind of item. */
export interface ItemRule {
  /** Items in one request, at most. */
  readonly perRequest: number;
  /** Bytes of one request, of one kind, where that is limited: an empty one's, and what an item takes besides its text. */
  readonly maxBytes?: { readonly request: number; readonly empty: number; readonly perItem: number };
  /** Items that may be under way at the same time, so that one purge can't have more. */
  readonly atOnce?: number;
  /** Items a day. What is left of them is asked for where the CDN tells. */
  readonly perDay?: number;
  /** Requests of this kind, as the provider documents it; where kinds are mixed, only all together have a pace. */
  readonly pace?: Pace;
  /** Items, as the provider documents it. */
  readonly itemPace?: Pace;
}

/** What a CDN can be asked for and what that costs: all that planning needs to know of it. Plain data. */
export interface PurgeRules {
  /** Items are whole addresses, or paths that count for every host of the CDN. */
  readonly names: "addresses" | "paths";
  /** Kinds that are absent can't be asked for. */
  readonly kinds: Readonly<Partial<Record<ItemKind, ItemRule>>>;
  /** One request may hold items of several kinds. */
  readonly mixes?: boolean;
  /** Items in one request, of all kinds together, where they are counted so. */
  readonly perRequest?: number;
  /** Requests of all kinds together, where the provider's documentation counts them so. */
  readonly pace?: Pace;
  /**
   * "normal": the CDN keeps one copy however an address is spelt (RFC 3986, section 6.2.2), or purges all of them.
   * "as-requested": each spelling that a browser may send is a copy of its own.
   */
  readonly spelling: "normal" | "as-requested";
  /** Purges of this CDN don't tell upper case from lower. */
  readonly ignoresCase?: boolean;
  /** The longest path an item can have, in characters of the encoded text. */
  readonly maxPath?: number;
  /** What an item costs, whichever kind it is. */
  readonly price?: { readonly usdPerItem: number; readonly freePerMonth: number };
}
