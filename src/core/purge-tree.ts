import { createHeap } from "./heap.ts";
import type { RelPath } from "./rel-path.ts";

/** How many items something takes, and the bytes of their texts. */
export interface Weight {
  readonly items: number;
  readonly bytes: number;
}

/** What a choice of items holds: addresses one by one, and directories as a whole. */
export interface Choice {
  readonly exact: Weight;
  readonly directory: Weight;
  /** Files that are dropped and have not changed. */
  readonly beside: number;
  /** Addresses among the exact ones that can't be an item. */
  readonly unnameable: number;
}

/** A directory of addresses, with what it takes to purge what has changed below it. Paths are below the site's root. */
interface Directory {
  /** "news/"; "" is the root. */
  readonly path: string;
  readonly parent: Directory | undefined;
  readonly below: Directory[];
  /** Changed addresses right in it. */
  readonly pages: string[];
  /** Files right in it and below it that have not changed. */
  unchanged: number;
  isWhole: boolean;
  now: Choice;
  /** Counts how often it was weighed: what was offered before counts no more. */
  weighed: number;
}

/** What the tree is told of items. */
export interface ItemWeights {
  /** `unnameable` where it can't be an item. */
  exact(page: string): Weight & { readonly unnameable: boolean };
  /** Undefined where the directory can't be an item. */
  directory(path: string): Weight | undefined;
}

const NOTHING: Choice = {
  exact: { items: 0, bytes: 0 },
  directory: { items: 0, bytes: 0 },
  beside: 0,
  unnameable: 0,
};

/**
 * The ways to purge changed addresses, from every address by itself to the largest directories: each takes one more
 * directory as a whole, the one that drops the least beside for the items it saves.
 */
export interface PurgeTree {
  /** The choices in order; the first is every address by itself. */
  readonly choices: readonly Choice[];
  /** What is asked for in one of them: changed addresses and directories. */
  itemsOf(at: number): { readonly pages: string[]; readonly directories: string[] };
}

/** Builds the tree of these changed addresses in a site whose unchanged files lie in these directories. */
export function growPurgeTree(pages: Iterable<string>, unchanged: Iterable<RelPath>, weights: ItemWeights): PurgeTree {
  const directories = new Map<string, Directory>();
  const open = (path: string): Directory => {
    const known = directories.get(path);
    if (known !== undefined) return known;
    const parent = path === "" ? undefined : open(parentOf(path));
    const made: Directory = {
      path,
      parent,
      below: [],
      pages: [],
      unchanged: 0,
      isWhole: false,
      now: NOTHING,
      weighed: 0,
    };
    directories.set(path, made);
    parent?.below.push(made);
    return made;
  };
  const root = open("");
  for (const page of pages) open(directoryOf(page)).pages.push(page);
  countUnchanged(directories, unchanged);
  weigh(root, weights);
  const { choices, merged } = mergeAll(root, directories.values(), weights);
  return { choices, itemsOf: (at) => collect(root, new Set(merged.slice(0, at))) };
}

function directoryOf(page: string): string {
  return page.slice(0, page.lastIndexOf("/") + 1);
}

function parentOf(directory: string): string {
  return directoryOf(directory.slice(0, -1));
}

/** Counts each file for the nearest directory that anything changed in, and for all above. */
function countUnchanged(directories: ReadonlyMap<string, Directory>, unchanged: Iterable<RelPath>): void {
  const counts = new Map<string, number>();
  for (const file of unchanged) {
    const path = directoryOf(file);
    counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  for (const [path, count] of counts) {
    let above = path;
    while (!directories.has(above)) above = parentOf(above);
    const directory = directories.get(above);
    if (directory !== undefined) directory.unchanged += count;
  }
}

/** Sums up what lies below each, leaves first. */
function weigh(directory: Directory, weights: ItemWeights): void {
  let exact = NOTHING.exact;
  let unnameable = 0;
  for (const page of directory.pages) {
    const weight = weights.exact(page);
    exact = add(exact, weight);
    if (weight.unnameable) unnameable++;
  }
  for (const below of directory.below) {
    weigh(below, weights);
    directory.unchanged += below.unchanged;
    exact = add(exact, below.now.exact);
    unnameable += below.now.unnameable;
  }
  directory.now = { ...NOTHING, exact, unnameable };
}

function add(one: Weight, other: Weight): Weight {
  return { items: one.items + other.items, bytes: one.bytes + other.bytes };
}

function subtract(one: Weight, other: Weight): Weight {
  return { items: one.items - other.items, bytes: one.bytes - other.bytes };
}

/** A directory that could be taken as a whole, and what that would drop beside for each item it saves. */
interface Offer {
  readonly directory: Directory;
  readonly whole: Choice;
  readonly weighed: number;
  readonly price: number;
}

function mergeAll(root: Directory, all: Iterable<Directory>, weights: ItemWeights) {
  const choices: Choice[] = [root.now];
  const merged: Directory[] = [];
  const offers = createHeap<Offer>(({ price }) => price);
  const offer = (directory: Directory) => {
    const weight = weights.directory(directory.path);
    if (weight === undefined || directory.isWhole) return;
    const whole: Choice = { ...NOTHING, directory: weight, beside: directory.unchanged };
    const { exact, directory: wholes, beside, unnameable } = directory.now;
    const saved = exact.items + wholes.items - weight.items;
    const { weighed } = directory;
    if (saved <= 0 && exact.items === 0) return;
    // What can't be an item must go into some directory: the smallest, which has the longest path. One that saves
    // nothing comes last: it may still be asked for where single addresses may not.
    const forWhat = saved > 0 ? (whole.beside - beside) / saved : Number.POSITIVE_INFINITY;
    const price = unnameable > 0 ? -directory.path.length - 1 : forWhat;
    offers.push({ directory, whole, weighed, price });
  };
  for (const directory of all) offer(directory);
  for (let next = offers.pop(); next !== undefined; next = offers.pop()) {
    const { directory, whole, weighed } = next;
    if (isInWhole(directory)) continue;
    if (weighed !== directory.weighed) {
      // Something below it was taken at a better price, so that its own has only risen: time enough to offer it anew.
      offer(directory);
      continue;
    }
    directory.isWhole = true;
    merged.push(directory);
    const { now } = directory;
    for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) {
      at.now = {
        exact: add(subtract(at.now.exact, now.exact), whole.exact),
        directory: add(subtract(at.now.directory, now.directory), whole.directory),
        beside: at.now.beside - now.beside + whole.beside,
        unnameable: at.now.unnameable - now.unnameable,
      };
      at.weighed++;
    }
    choices.push(root.now);
  }
  return { choices, merged };
}

function isInWhole(directory: Directory): boolean {
  for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) if (at.isWhole) return true;
  return false;
}

function collect(directory: Directory, whole: ReadonlySet<Directory>): { pages: string[]; directories: string[] } {
  if (whole.has(directory)) return { pages: [], directories: [directory.path] };
  const all = { pages: [...directory.pages], directories: [] as string[] };
  for (const below of directory.below) {
    const { pages, directories } = collect(below, whole);
    for (const page of pages) all.pages.push(page);
    for (const path of directories) all.directories.push(path);
  }
  return all;
}
