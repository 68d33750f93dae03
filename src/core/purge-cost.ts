import { bytesOf } from "./purge-batches.ts";
import type { Usage } from "./purge-plan.ts";
import { ITEM_KINDS, type ItemKind, type ItemRule, type Pace, type PurgeItem, type PurgeRules } from "./purge-rules.ts";

/** How many items of each kind a purge has, and the bytes of their texts. */
export type ItemCounts = Readonly<Partial<Record<ItemKind, KindCount>>>;

interface KindCount {
  readonly items: number;
  readonly bytes: number;
  /** In how many requests they are, where that is known already. */
  readonly requests?: number;
}

/** Counts what is in requests. */
export function countsOf(batches: readonly (readonly PurgeItem[])[]): ItemCounts {
  const counts = new Map<ItemKind, Required<KindCount>>();
  for (const batch of batches) {
    const seen = new Set<ItemKind>();
    for (const item of batch) {
      const { items, bytes, requests } = counts.get(item.kind) ?? { items: 0, bytes: 0, requests: 0 };
      const first = seen.has(item.kind) ? 0 : 1;
      seen.add(item.kind);
      counts.set(item.kind, { items: items + 1, bytes: bytes + bytesOf(item), requests: requests + first });
    }
  }
  return Object.fromEntries(counts);
}

/** What a purge takes. */
export interface PurgeCost {
  /** In USD; 0 where the provider takes no money. */
  readonly usd: number;
  /** At the documented rates, at least. */
  readonly seconds: number;
  readonly requests: number;
  readonly items: number;
  /** What stands against it; undefined where nothing does. */
  readonly against?: "limit" | "quota";
}

/** What so many items cost in a month, in USD. */
export function priceOf(items: number, price: NonNullable<PurgeRules["price"]>): number {
  return Math.max(0, items - price.freePerMonth) * price.usdPerItem;
}

/** What a purge of so many items takes, and whether the CDN takes it. */
export function costOf(counts: ItemCounts, rules: PurgeRules, usage: Usage): PurgeCost {
  const { kinds, mixes, perRequest = Number.POSITIVE_INFINITY } = rules;
  const own: { readonly rule: ItemRule; readonly items: number; readonly requests: number }[] = [];
  let items = 0;
  let against: PurgeCost["against"];
  for (const kind of ITEM_KINDS) {
    const count = counts[kind];
    const rule = kinds[kind];
    if (count === undefined || count.items === 0) continue;
    items += count.items;
    if (rule === undefined || count.items > (rule.atOnce ?? Number.POSITIVE_INFINITY)) against = "limit";
    if (rule === undefined) continue;
    const left = usage.leftToday?.[kind] ?? rule.perDay ?? Number.POSITIVE_INFINITY;
    if (count.items > left) against ??= "quota";
    own.push({ rule, items: count.items, requests: count.requests ?? requestsFor(count, rule) });
  }
  const mixed = Math.max(Math.ceil(items / perRequest), ...own.map((each) => each.requests));
  const requests = mixes ? mixed : own.reduce((sum, each) => sum + each.requests, 0);
  const waits = own.map(({ rule, ...each }) =>
    Math.max(secondsFor(each.requests, rule.pace), secondsFor(each.items, rule.itemPace)),
  );
  const seconds = Math.max(secondsFor(requests, rules.pace), ...waits);
  const { price } = rules;
  const before = usage.itemsThisMonth;
  const usd = price === undefined ? 0 : priceOf(before + items, price) - priceOf(before, price);
  return { usd, seconds, requests, items, ...(against && { against }) };
}

function requestsFor({ items, bytes }: KindCount, { perRequest, maxBytes }: ItemRule): number {
  const byCount = Math.ceil(items / perRequest);
  if (maxBytes === undefined) return byCount;
  return Math.max(byCount, Math.ceil((bytes + items * maxBytes.perItem) / (maxBytes.request - maxBytes.empty)));
}

/** How long so many take that begin with a full bucket. */
function secondsFor(count: number, pace: Pace | undefined): number {
  return pace === undefined ? 0 : Math.max(0, count - pace.burst) / pace.perSecond;
}
