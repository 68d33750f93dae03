import type { Ctx } from "../../core/context.ts";
import { ITEM_KINDS, type ItemKind, type Pace, type PurgeItem, type PurgeRules } from "../../core/purge-rules.ts";

/** Lets requests begin no faster than a CDN documents that it takes them. */
export interface Pacer {
  /** Resolves when a request with these items may begin; rejects when the run is stopped. */
  turn(items: readonly PurgeItem[], ctx: Ctx): Promise<void>;
}

/** A token bucket that is full at first. */
interface Bucket {
  readonly pace: Pace;
  /** What it held at that time; below zero where more was promised than there was. */
  tokens: number;
  at: number;
}

/** Makes a pacer for a CDN: a bucket of requests, and for each kind one of its own and one of items, where the rules have such paces. */
export function createPacer({ kinds, pace: paceOfAll }: PurgeRules): Pacer {
  const all = bucketOf(paceOfAll);
  const buckets = new Map<ItemKind, { readonly requests: Bucket | undefined; readonly items: Bucket | undefined }>();
  for (const kind of ITEM_KINDS) {
    const { pace, itemPace } = kinds[kind] ?? {};
    buckets.set(kind, { requests: bucketOf(pace), items: bucketOf(itemPace) });
  }
  return {
    async turn(items, { clock, signal }) {
      const counts = new Map<ItemKind, number>();
      for (const { kind } of items) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const now = clock.now();
      let waitMs = take(all, 1, now);
      for (const [kind, count] of counts) {
        const { requests, items: ofItems } = buckets.get(kind) ?? {};
        waitMs = Math.max(waitMs, take(requests, 1, now), take(ofItems, count, now));
      }
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    },
  };
}

function bucketOf(pace: Pace | undefined): Bucket | undefined {
  return pace && { pace, tokens: pace.burst, at: -Infinity };
}

/**
 * Takes tokens now, on credit where there are too few, and says after how many milliseconds they are there. Whoever
 * comes later waits for what was lent before, so turns are given in order.
 */
function take(bucket: Bucket | undefined, count: number, now: number): number {
  if (bucket === undefined) return 0;
  const { burst, perSecond } = bucket.pace;
  const sinceMs = Math.max(0, now - bucket.at);
  bucket.tokens = Math.min(burst, bucket.tokens + (sinceMs / 1000) * perSecond) - count;
  bucket.at = now;
  return bucket.tokens >= 0 ? 0 : Math.ceil((-bucket.tokens / perSecond) * 1000);
}
