import { z } from "zod";
import type { Cdn, PurgeBatch } from "../../src/cdns/cdn.ts";
import { defineCdn } from "../../src/cdns/cdn.ts";
import { cdnSettings, tagSettings } from "../../src/cdns/cdn-settings.ts";
import type { PurgeItem, PurgeRules } from "../../src/core/purge-rules.ts";
import { throwIfAborted } from "../../src/lib/abort.ts";

/** What a CDN takes unless a test says otherwise: exact addresses, directories, everything. */
export const PLAIN_RULES: PurgeRules = {
  names: "addresses",
  kinds: { exact: { perRequest: 30 }, directory: { perRequest: 30 }, everything: { perRequest: 1 } },
  spelling: "normal",
};

/** A CDN in memory: a cache that is filled by visitors and emptied by purges. */
export interface MemoryCdn {
  rules: PurgeRules;
  /** What it answers from its cache, by address. */
  readonly cache: Map<string, string>;
  /** Every batch that was accepted, and when by the clock of the caller. */
  readonly batches: { readonly batch: PurgeBatch; readonly at: number }[];
  /** Called before a batch is accepted; may throw. Items it gives are refused. */
  onPurge: (batch: PurgeBatch) => readonly { item: PurgeItem; why: string }[] | Promise<void> | undefined;
  /** What is said when it is asked whether a purge is through; absent where it can't be asked. */
  isThrough?: () => boolean;
  quota?: Cdn["quota"];
  /** How often it was opened and closed. */
  opened: number;
  closed: number;
}

/** The CDNs in memory that a configuration's CDNs of type "memory" lead to, by name. */
export const memoryCdns = new Map<string, MemoryCdn>();

/** The CDN of this name; made when it isn't there yet. */
export function memoryCdn(name: string): MemoryCdn {
  const known = memoryCdns.get(name);
  if (known !== undefined) return known;
  const made: MemoryCdn = {
    rules: PLAIN_RULES,
    cache: new Map(),
    batches: [],
    onPurge: () => undefined,
    opened: 0,
    closed: 0,
  };
  memoryCdns.set(name, made);
  return made;
}

const memory = defineCdn({
  type: "memory",
  schema: z.strictObject({
    type: z.literal("memory"),
    ...cdnSettings,
    ...tagSettings,
    cdn: z.string(),
    token: z.string().optional(),
  }),
  describe: ({ cdn }) => `memory:${cdn}`,
  async open({ cdn: name }) {
    const cdn = memoryCdn(name);
    cdn.opened++;
    const { isThrough, quota } = cdn;
    return {
      rules: cdn.rules,
      async purge(batch, { signal, clock }) {
        throwIfAborted(signal);
        const refused = (await cdn.onPurge(batch)) ?? [];
        const accepted = batch.items.filter((item) => !refused.some((each) => each.item === item));
        for (const item of accepted) drop(cdn.cache, item);
        cdn.batches.push({ batch, at: clock.now() });
        return { id: `purge-${cdn.batches.length}`, ...(refused.length > 0 && { refused }) };
      },
      ...(quota && { quota }),
      ...(isThrough && { isThrough: async () => isThrough() }),
      async [Symbol.asyncDispose]() {
        cdn.closed++;
      },
    };
  },
});

/** Stands in for src/cdns/index.ts. */
export const cdnTypes = [memory];

/** Every item that was accepted, as text: "https://www.example.jp/index.html", "…/news/*", "everything". */
export function purgedBy(name: string): string[] {
  return memoryCdn(name).batches.flatMap(({ batch }) => batch.items.map(textOf));
}

function textOf(item: PurgeItem): string {
  if (item.kind === "exact") return `${item.origin ?? ""}${item.path}`;
  if (item.kind === "directory") return `${item.origin ?? ""}${item.path}*`;
  return item.kind === "tag" ? `tag ${item.tag}` : "everything";
}

function drop(cache: Map<string, string>, item: PurgeItem): void {
  for (const address of [...cache.keys()]) if (covers(item, address)) cache.delete(address);
}

function covers(item: PurgeItem, address: string): boolean {
  const { origin, pathname } = new URL(address);
  if (item.kind === "everything") return item.origin === undefined || item.origin === origin;
  if (item.kind === "tag" || (item.origin !== undefined && item.origin !== origin)) return false;
  return item.kind === "exact" ? pathname === item.path : pathname.startsWith(item.path);
}
