import { ITEM_KINDS, type ItemRule, type PurgeItem, type PurgeRules } from "./purge-rules.ts";

/** The same items in requests that the CDN takes: as few as possible. Of one kind they stay in their order. */
export function batchItems(
  items: readonly PurgeItem[],
  { kinds, mixes, perRequest = Number.POSITIVE_INFINITY }: PurgeRules,
): PurgeItem[][] {
  const rules = ITEM_KINDS.flatMap((kind) => {
    const rule = kinds[kind];
    const own = items.filter((item) => item.kind === kind);
    return rule === undefined || own.length === 0 ? [] : [{ rule, own }];
  });
  if (!mixes) return rules.flatMap(({ own, rule }) => chunk(own, rule));
  const batches: PurgeItem[][] = [];
  const requestsOf = ({ own, rule }: (typeof rules)[number]) => Math.ceil(own.length / rule.perRequest);
  while (rules.some(({ own }) => own.length > 0)) {
    const batch: PurgeItem[] = [];
    // The kind that needs the most requests besides takes its share of each of them first.
    for (const { own, rule } of rules.sort((one, other) => requestsOf(other) - requestsOf(one))) {
      for (const item of own.splice(0, Math.min(rule.perRequest, perRequest - batch.length))) batch.push(item);
    }
    batches.push(batch);
  }
  return batches;
}

function chunk(items: readonly PurgeItem[], { perRequest, maxBytes }: ItemRule): PurgeItem[][] {
  const chunks: PurgeItem[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = maxBytes === undefined ? 0 : bytesOf(item) + maxBytes.perItem;
    const last = chunks.at(-1);
    if (last === undefined || last.length >= perRequest || (maxBytes && bytes + size > maxBytes.request)) {
      chunks.push([item]);
      bytes = (maxBytes?.empty ?? 0) + size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return chunks;
}

/** The bytes of an item's text: all of it is ASCII but tags, which are counted as they are sent. */
export function bytesOf(item: PurgeItem): number {
  if (item.kind === "tag") return Buffer.byteLength(item.tag);
  return (item.origin?.length ?? 0) + (item.kind === "everything" ? 0 : item.path.length);
}
