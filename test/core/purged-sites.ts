import fc from "fast-check";
import type { PurgeInput, SiteAddresses, Usage } from "../../src/core/purge-plan.ts";
import type { PurgeRules } from "../../src/core/purge-rules.ts";
import type { RelPath } from "../../src/core/rel-path.ts";
import { anyTightness } from "./cdn-rules.ts";
import { relPath } from "./snapshots.ts";

// Few and alike, so that files share directories. What a CDN may take for something else is among them.
const DIRECTORIES = ["news", "News", "2026年", "お 知らせ", "a*b", "50%", "c++", "~lab", "R&D"];
const NAMES = ["index.html", "index.html", "about.html", "About.html", "ガイド.png", "a b.jpg", "100%.html", "q?.html"];
const ODD_NAMES = [
  "#1.html",
  "5*.css",
  "~x.html",
  "a+b.js",
  "a&b.txt",
  "[1].svg",
  "it's(1)!.html",
  "が^|.png",
  "è.html",
];

/** A path of a site, three directories deep at most. */
const anySitePath: fc.Arbitrary<RelPath> = fc
  .tuple(
    fc.array(fc.constantFrom(...DIRECTORIES), { maxLength: 3 }),
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NAMES) }, fc.constantFrom(...ODD_NAMES)),
  )
  .map(([directories, name]) => relPath([...directories, name].join("/")));

const anyAddresses: fc.Arbitrary<SiteAddresses> = fc.record({
  baseUrls: fc.constantFrom(
    ["https://www.example.jp/"],
    ["https://www.example.jp/", "https://example.jp/"],
    ["https://www.example.jp/~sub/"],
    ["https://www.example.jp/", "https://m.example.jp/携帯/"],
    ["https://www.example.jp/en%2Bja/", "https://example.jp/en%2Bja/"],
  ),
  cleanUrls: fc.constantFrom("none", "plain", "slash", "both"),
});

/** What was used before: of the month, and of the day where the CDN has a quota for it. */
function anyUsage({ kinds }: PurgeRules): fc.Arbitrary<Usage> {
  const itemsThisMonth = fc.constantFrom(0, 990, 998, 5000);
  if (Object.values(kinds).every((rule) => !("perDay" in rule))) return fc.record({ itemsThisMonth });
  const leftToday = fc.record({ exact: fc.nat(20), directory: fc.nat(4), everything: fc.nat(1) }, { requiredKeys: [] });
  return fc.record({ itemsThisMonth, leftToday }, { requiredKeys: ["itemsThisMonth"] });
}

const anyTagged = fc.option(
  fc.uniqueArray(
    fc.record({ tag: fc.constantFrom("news", "css", "年", "all"), part: fc.constantFrom(...DIRECTORIES, ".html", "") }),
    {
      selector: ({ tag }) => tag,
      maxLength: 3,
    },
  ),
  { nil: undefined },
);

/** A purge of a small site from a CDN with these rules, or with tighter limits. */
export function anyPurge(rules: PurgeRules): fc.Arbitrary<PurgeInput> {
  return fc
    .record({
      site: fc.uniqueArray(anySitePath, { maxLength: 10 }),
      gone: fc.uniqueArray(anySitePath, { maxLength: 2 }),
      share: fc.integer({ min: 0, max: 10 }),
      addresses: anyAddresses,
      rules: anyTightness(rules),
      tolerance: fc.record({ seconds: fc.constantFrom(0, 1, 30), usd: fc.constantFrom(0, 0.01) }),
      usage: anyUsage(rules),
      tagged: anyTagged,
    })
    .map(({ site, gone, share, tagged, ...rest }) => ({
      ...rest,
      site,
      changed: [...site.slice(0, share), ...gone.filter((path) => !site.includes(path))],
      ...(tagged && {
        tagsOf: (path: RelPath) => tagged.filter(({ part }) => path.includes(part)).map(({ tag }) => tag),
      }),
    }));
}
