import { createSpeller } from "../../src/core/item-speller.ts";
import { batchItems } from "../../src/core/purge-batches.ts";
import type { PurgeInput, PurgePlan } from "../../src/core/purge-plan.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { refusals } from "./cache-model.ts";

/**
 * Every way that there is to purge what has changed by addresses, directories and everything, tried out one by one:
 * each set of directories as a whole, the rest address by address. Only ways with items that the CDN has.
 */
export function everyWay(input: PurgeInput): PurgePlan["batches"][] {
  const { rules, changed } = input;
  const speller = createSpeller(input);
  const pages = [...new Set(changed.flatMap((path) => speller.pagesOf(speller.fold(path))))];
  const bare = pages.includes("") ? speller.bareRootItems() : [];
  const directories = rules.kinds.directory === undefined ? [] : [...new Set(pages.flatMap(directoriesAbove))];
  const ways: PurgeItem[][] = subsetsOf(directories).map((whole) => [
    ...bare,
    ...whole.flatMap((directory) => speller.directoryItems(directory)),
    ...pages
      .filter((page) => !whole.some((directory) => page.startsWith(directory)))
      .flatMap((page) => speller.exactItems(page)),
  ]);
  if (rules.kinds.everything) ways.push([{ kind: "everything" }]);
  if (changed.length === 0) return [[]];
  return ways
    .filter(
      (way) =>
        refusals(
          way.map((item) => [item]),
          rules,
        ).length === 0,
    )
    .map((way) => batchItems(way, rules));
}

function directoriesAbove(page: string): string[] {
  const parts = page.split("/").slice(0, -1);
  return [
    "",
    ...parts.map((_, at) =>
      parts
        .slice(0, at + 1)
        .map((part) => `${part}/`)
        .join(""),
    ),
  ];
}

/** Of sets where none holds another one's part; and at most so many that all can be tried. */
function subsetsOf(directories: readonly string[]): string[][] {
  let sets: string[][] = [[]];
  for (const directory of directories.slice(0, 6)) {
    const free = sets.filter((set) => !set.some((each) => each.startsWith(directory) || directory.startsWith(each)));
    sets = [...sets, ...free.map((set) => [...set, directory])];
  }
  return sets;
}
