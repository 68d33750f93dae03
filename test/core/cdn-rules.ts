import fc from "fast-check";
import type { ItemKind, ItemRule, Pace, PurgeRules } from "../../src/core/purge-rules.ts";

const one: ItemRule = { perRequest: 1 };
const hundred: ItemRule = { perRequest: 100 };

/** Rules as those of the providers they are named after. */
export const RULES = {
  cloudfront: {
    names: "paths",
    kinds: {
      exact: { perRequest: 3000, atOnce: 3000 },
      directory: { perRequest: 15, atOnce: 15 },
      tag: { perRequest: 15, atOnce: 15 },
      everything: one,
    },
    mixes: true,
    spelling: "as-requested",
    maxPath: 4000,
    price: { usdPerItem: 0.005, freePerMonth: 1000 },
  },
  cloudflare: {
    names: "addresses",
    kinds: {
      exact: { perRequest: 30, pace: { burst: 1200, perSecond: 4 }, itemPace: { burst: 800, perSecond: 13 } },
      directory: { perRequest: 30, pace: { burst: 25, perSecond: 5 / 60 } },
      tag: { perRequest: 30, pace: { burst: 25, perSecond: 5 / 60 } },
      everything: { perRequest: 1, pace: { burst: 25, perSecond: 5 / 60 } },
    },
    spelling: "normal",
  },
  google: {
    names: "addresses",
    kinds: { exact: one, directory: one, tag: { perRequest: 10 }, everything: one },
    // Nothing may be sent at once, so that every request more takes time.
    pace: { burst: 1, perSecond: 500 / 60 },
    spelling: "as-requested",
  },
  frontdoor: {
    names: "paths",
    kinds: { exact: hundred, directory: hundred, everything: hundred },
    mixes: true,
    perRequest: 100,
    pace: { burst: 200, perSecond: 10 },
    spelling: "as-requested",
    ignoresCase: true,
  },
  akamai: {
    names: "addresses",
    kinds: {
      exact: {
        perRequest: 10_000,
        maxBytes: { request: 50_000, empty: 14, perItem: 3 },
        pace: { burst: 100, perSecond: 50 },
        itemPace: { burst: 10_000, perSecond: 200 },
      },
    },
    spelling: "as-requested",
  },
  fastly: {
    names: "addresses",
    kinds: {
      exact: { perRequest: 1, pace: { burst: 50_000, perSecond: 50_000 / 3600 } },
      tag: { perRequest: 256, pace: { burst: 50_000, perSecond: 50_000 / 3600 } },
      everything: { perRequest: 1, pace: { burst: 50_000, perSecond: 50_000 / 3600 } },
    },
    spelling: "as-requested",
  },
  alibaba: {
    names: "addresses",
    kinds: {
      exact: { perRequest: 1000, perDay: 10_000, pace: { burst: 25, perSecond: 25 } },
      directory: { perRequest: 100, perDay: 100, pace: { burst: 25, perSecond: 25 } },
      everything: { perRequest: 1, perDay: 50, pace: { burst: 25, perSecond: 25 } },
    },
    spelling: "as-requested",
    maxPath: 1000,
  },
  varnish: { names: "addresses", kinds: { exact: one }, spelling: "as-requested" },
} as const satisfies Record<string, PurgeRules>;

/** The same rules, or the same with limits that a handful of items reaches. */
export function anyTightness(rules: PurgeRules): fc.Arbitrary<PurgeRules> {
  const tight = fc.record({ share: fc.integer({ min: 1, max: 5 }), scale: fc.constantFrom(1, 0.1, 0.01) });
  return fc.option(tight, { nil: undefined, freq: 4 }).map((how) => (how ? tighten(rules, how) : rules));
}

function tighten(rules: PurgeRules, how: { readonly share: number; readonly scale: number }): PurgeRules {
  const few = (limit: number) => Math.min(limit, how.share);
  const slow = (each: Pace) => ({ burst: Math.min(each.burst, how.share), perSecond: each.perSecond * how.scale });
  const kinds: Partial<Record<ItemKind, ItemRule>> = {};
  for (const [kind, rule] of entriesOf(rules.kinds)) {
    const { perRequest, maxBytes, atOnce, perDay, pace, itemPace } = rule;
    kinds[kind] = {
      perRequest: few(perRequest),
      ...(maxBytes && { maxBytes: { ...maxBytes, request: 250 + 100 * how.share } }),
      ...(atOnce && { atOnce: few(atOnce) }),
      ...(perDay && { perDay: few(perDay) }),
      ...(pace && { pace: slow(pace) }),
      ...(itemPace && { itemPace: slow(itemPace) }),
    };
  }
  const { perRequest, maxPath, pace } = rules;
  return {
    ...rules,
    kinds,
    ...(perRequest && { perRequest: Math.min(perRequest, how.share + 1) }),
    ...(pace && { pace: slow(pace) }),
    ...(maxPath && { maxPath: 60 }),
  };
}

function entriesOf(kinds: PurgeRules["kinds"]): [ItemKind, ItemRule][] {
  return (["exact", "directory", "tag", "everything"] as const).flatMap((kind): [ItemKind, ItemRule][] => {
    const rule = kinds[kind];
    return rule === undefined ? [] : [[kind, rule]];
  });
}
