import { createSpeller, type ItemSpeller, weightOf } from "./item-speller.ts";
import { batchItems } from "./purge-batches.ts";
import { costOf, countsOf, type PurgeCost } from "./purge-cost.ts";
import type { PurgeInput, PurgePlan, PurgeReason } from "./purge-plan.ts";
import type { PurgeItem } from "./purge-rules.ts";
import { chooseTags, type SplitFiles, type TagChoice } from "./purge-tags.ts";
import { growPurgeTree, type PurgeTree } from "./purge-tree.ts";

/**
 * Plans the purge of what has changed: of all that the CDN takes and that leaves no changed page cached, what costs no
 * more than the tolerance above the cheapest, takes no longer than the tolerance above the quickest, and drops the
 * least beside; then the fewest requests and items. Pure: the same input gives the same plan.
 */
export function planPurge(input: PurgeInput): PurgePlan {
  const { rules, tagsOf, wasThere } = input;
  const speller = createSpeller(input);
  const files = splitSite(input);
  const tagChoices = rules.kinds.tag && tagsOf ? chooseTags(files, tagsOf, wasThere) : [];
  const roads = [{ ...files, tags: [], beside: 0 }, ...tagChoices].map((tags) => openRoad(tags, speller));
  const ways = [...roads.flatMap((road) => waysOf(road, input)), ...everythingOf(files, input)];
  const { way, reason } = chooseWay(ways, input);
  const items = files.changed.length === 0 ? [] : itemsOf(way, speller);
  const changed = files.changed.length;
  return finish(items, { changed, dropped: changed + (way?.beside ?? 0), of: files.of, reason }, input);
}

/** Plans to drop the whole site: somebody asked for it, or nothing else is paid for. */
export function purgeEverything(input: PurgeInput): PurgePlan {
  const { kinds } = input.rules;
  const speller = createSpeller(input);
  const site = new Set(input.site);
  const pages = () => new Set([...site].flatMap((path) => speller.pagesOf(path)));
  const items: PurgeItem[] =
    kinds.everything !== undefined
      ? [{ kind: "everything" }]
      : kinds.directory !== undefined
        ? [...speller.directoryItems(""), ...speller.bareRootItems()]
        : [...[...pages()].flatMap((page) => speller.exactItems(page)), ...speller.bareRootItems()];
  return finish(items, { changed: site.size, dropped: site.size, of: site.size, reason: "asked" }, input);
}

function splitSite({ changed, site }: PurgeInput): SplitFiles & { readonly of: number } {
  const all = [...site];
  const own = new Set(changed);
  // In an order of their own: what is equally good is not chosen by chance.
  return { changed: [...own].sort(), unchanged: all.filter((path) => !own.has(path)), of: all.length };
}

/** A choice of tags, and the tree of what they leave. */
interface Road {
  readonly tags: readonly PurgeItem[];
  readonly tree: PurgeTree;
  /** What is asked for by itself, whatever is taken of the tree. */
  readonly bare: readonly PurgeItem[];
  /** Unchanged files that are dropped, whatever is taken of the tree. */
  readonly beside: number;
}

function openRoad({ tags, changed, unchanged, beside }: TagChoice, speller: ItemSpeller): Road {
  const folded = new Set(changed.map(speller.fold));
  const others = speller.foldsCase ? unchanged.map(speller.fold).filter((path) => !folded.has(path)) : unchanged;
  const pages = new Set([...folded].flatMap((path) => speller.pagesOf(path)));
  return {
    tags: tags.map((tag) => ({ kind: "tag", tag })),
    tree: growPurgeTree(pages, others, speller),
    bare: pages.has("") ? speller.bareRootItems() : [],
    // Those whose names differ in case alone from a changed one's, where that makes no difference.
    beside: beside + unchanged.length - others.length,
  };
}

/** One way to purge what has changed. */
interface Way extends PurgeCost {
  /** Files that are dropped and have not changed. */
  readonly beside: number;
  /** The CDN has no items for it. */
  readonly isImpossible: boolean;
  /** Which of a tree's choices it is; undefined for everything. */
  readonly choice?: { readonly road: Road; readonly at: number };
}

function waysOf(road: Road, { rules, usage }: PurgeInput): Way[] {
  const { kinds } = rules;
  const [tag, bare] = [weightOf(road.tags), weightOf(road.bare)];
  return road.tree.choices.map((choice, at) => {
    const exact = { items: choice.exact.items + bare.items, bytes: choice.exact.bytes + bare.bytes };
    const { directory } = choice;
    const cost = costOf({ exact, directory, tag }, rules, usage);
    const isImpossible = choice.unnameable > 0 || (exact.items > 0 && kinds.exact === undefined);
    const beside = road.beside + choice.beside;
    return { ...cost, ...(isImpossible && { against: "limit" }), isImpossible, beside, choice: { road, at } };
  });
}

function everythingOf({ unchanged }: SplitFiles, { rules, usage }: PurgeInput): Way[] {
  if (rules.kinds.everything === undefined) return [];
  const cost = costOf({ everything: { items: 1, bytes: 0 } }, rules, usage);
  return [{ ...cost, isImpossible: false, beside: unchanged.length }];
}

/** A billionth of a cent is no difference. */
const NO_MONEY = 1e-9;

function chooseWay(ways: readonly Way[], { tolerance }: PurgeInput): { way: Way | undefined; reason: PurgeReason } {
  const [exact] = ways;
  const legal = ways.filter(({ against }) => against === undefined);
  // What the CDN takes no more today has to be asked for all the same: as little of it as possible.
  if (legal.length === 0) return { way: ways.toSorted(byPossibility)[0], reason: exact?.against ?? "exact" };
  const cheapest = Math.min(...legal.map(({ usd }) => usd));
  const cheap = legal.filter(({ usd }) => usd <= cheapest + tolerance.usd + NO_MONEY);
  const quickest = Math.min(...cheap.map(({ seconds }) => seconds));
  const [way] = cheap
    .filter(({ seconds }) => seconds <= quickest + tolerance.seconds)
    .sort((a, b) => a.beside - b.beside || a.requests - b.requests || a.items - b.items);
  if (exact === undefined || way === undefined || way.beside <= exact.beside) return { way, reason: "exact" };
  if (exact.against !== undefined) return { way, reason: exact.against };
  return { way, reason: exact.usd > cheapest + tolerance.usd + NO_MONEY ? "price" : "time" };
}

function byPossibility(one: Way, other: Way): number {
  return Number(one.isImpossible) - Number(other.isImpossible) || one.items - other.items;
}

function itemsOf(way: Way | undefined, speller: ItemSpeller): PurgeItem[] {
  if (way?.choice === undefined) return [{ kind: "everything" }];
  const { road, at } = way.choice;
  const { pages, directories } = road.tree.itemsOf(at);
  return [
    ...directories.sort().flatMap((path) => speller.directoryItems(path)),
    ...road.tags,
    ...road.bare,
    ...pages.sort().flatMap((page) => speller.exactItems(page)),
  ];
}

type Figures = Pick<PurgePlan, "changed" | "dropped" | "of" | "reason">;

function finish(items: readonly PurgeItem[], figures: Figures, { rules, usage }: PurgeInput): PurgePlan {
  const batches = batchItems(items, rules);
  const { usd, seconds } = costOf(countsOf(batches), rules, usage);
  return { batches, items: items.length, ...figures, ...(rules.price && { usd }), seconds };
}
