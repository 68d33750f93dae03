import { pagePaths, spellNormally, spellPath } from "./page-urls.ts";
import { bytesOf } from "./purge-batches.ts";
import type { PurgeInput } from "./purge-plan.ts";
import type { PurgeItem } from "./purge-rules.ts";
import type { ItemWeights, Weight } from "./purge-tree.ts";
import type { RelPath } from "./rel-path.ts";

/** Spells items for a CDN: each at every address of the site, in every spelling that it keeps apart. */
export interface ItemSpeller extends ItemWeights {
  /** Files whose names differ in case alone are one to the CDN. */
  readonly foldsCase: boolean;
  /** A file's path as it counts for the CDN. */
  fold(path: RelPath): RelPath;
  /** Where visitors reach a file, below the site's root, as it counts for the CDN. */
  pagesOf(path: RelPath): string[];
  exactItems(page: string): PurgeItem[];
  directoryItems(path: string): PurgeItem[];
  /** The site's roots without their slash, where there is something before it: no directory of the site holds them. */
  bareRootItems(): PurgeItem[];
}

/** An item that is an address. */
type AddressItem = Extract<PurgeItem, { readonly path: string }>;

/** A root of the site, as items name it. */
interface Root {
  readonly origin?: string;
  /** Of its path, which ends with a slash: what is left as it was written, and what is spelt as pages are. */
  readonly asWritten: string;
  readonly path: string;
}

/** Makes the speller for a CDN's rules and the site's addresses. */
export function createSpeller({ addresses, rules }: Pick<PurgeInput, "addresses" | "rules">): ItemSpeller {
  const { names, spelling, ignoresCase, kinds, maxPath = Number.POSITIVE_INFINITY } = rules;
  const roots = rootsOf(addresses.baseUrls, names);
  const spellAll = spelling === "normal" ? spellNormally : spellPath;
  const spell = ignoresCase ? (path: string) => withoutCase(spellAll(path)) : spellAll;
  // Where a star is a wildcard, no item stands for an address with a star in it.
  const isNameable = (path: string) => path.length <= maxPath && !(kinds.directory && path.includes("*"));
  const items = (kind: AddressItem["kind"], page: string): AddressItem[] =>
    roots.flatMap(({ asWritten, path, ...origin }) =>
      spell(`${path}${page}`).map((way) => ({ kind, ...origin, path: `${asWritten}${way}` })),
    );
  // Counted without making items: it is asked of every changed page.
  const weigh = (page: string): Weight & { readonly unnameable: boolean } => {
    let [count, bytes, unnameable] = [0, 0, false];
    for (const { origin = "", asWritten, path } of roots) {
      for (const way of spell(`${path}${page}`)) {
        count++;
        bytes += origin.length + asWritten.length + way.length;
        unnameable ||= !isNameable(`${asWritten}${way}`);
      }
    }
    return { items: count, bytes, unnameable };
  };
  const speller: ItemSpeller = {
    foldsCase: ignoresCase ?? false,
    fold: (path) => (ignoresCase ? (foldAscii(path) as RelPath) : path),
    pagesOf: (path) => pagePaths(speller.fold(path), addresses.cleanUrls),
    exactItems: (page) => items("exact", page),
    directoryItems: (path) => items("directory", path),
    bareRootItems: () =>
      items("exact", "").flatMap((item) => (item.path === "/" ? [] : { ...item, path: item.path.slice(0, -1) })),
    exact: weigh,
    directory(path) {
      if (kinds.directory === undefined) return undefined;
      const { unnameable, ...weight } = weigh(path);
      return unnameable ? undefined : weight;
    },
  };
  return speller;
}

function rootsOf(baseUrls: readonly string[], names: "addresses" | "paths"): Root[] {
  const roots = new Map<string, Root>();
  for (const { origin, pathname } of baseUrls.map((each) => new URL(each))) {
    const root = { ...(names === "addresses" && { origin }), ...decode(pathname) };
    roots.set(`${names === "addresses" ? origin : ""}${pathname}`, root);
  }
  return [...roots.values()];
}

function decode(pathname: string): Pick<Root, "asWritten" | "path"> {
  try {
    return { asWritten: "", path: decodeURIComponent(pathname) };
  } catch {
    // Its bytes are no UTF-8: only the site's own people know how links to it are written, and they wrote this.
    return { asWritten: pathname, path: "" };
  }
}

/** Letters of ASCII alone: what a CDN makes of others is not documented, and their addresses have other bytes. */
function foldAscii(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The first of those that differ in case alone. */
function withoutCase(paths: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const path of paths) if (!seen.has(foldAscii(path))) seen.set(foldAscii(path), path);
  return [...seen.values()];
}

/** How many items these are, and the bytes of their texts. */
export function weightOf(items: readonly PurgeItem[]): Weight {
  return { items: items.length, bytes: items.reduce((sum, item) => sum + bytesOf(item), 0) };
}
