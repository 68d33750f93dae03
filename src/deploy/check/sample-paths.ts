import { parentOf, type RelPath } from "../../core/rel-path.ts";

const PAGE = /\.(?:html?|xhtml|shtml|php|xml|rss|atom)$/i;
const INDEX = /(?:^|\/)index\.[^/]+$/;

/**
 * So many of the paths: pages before the rest, one of each folder before a second of any, and what is gone as if it lay
 * in folders of its own. Where there are more folders than that, evenly many are passed over. The order of the paths
 * doesn't matter.
 */
export function samplePaths(paths: readonly RelPath[], count: number, isGone: (path: RelPath) => boolean): RelPath[] {
  const pages = takeByFolder(
    paths.filter((path) => PAGE.test(path)),
    count,
    isGone,
  );
  const others = paths.filter((path) => !PAGE.test(path));
  return [...pages, ...takeByFolder(others, count - pages.length, isGone)];
}

function takeByFolder(paths: readonly RelPath[], count: number, isGone: (path: RelPath) => boolean): RelPath[] {
  if (count === 0) return [];
  const folders = groupSorted(paths, isGone);
  const taken: RelPath[] = [];
  for (let round = 0; taken.length < count; round++) {
    const next = folders.flatMap((folder) => folder[round] ?? []);
    if (next.length === 0) break;
    taken.push(...evenly(next, count - taken.length));
  }
  return taken;
}

function groupSorted(paths: readonly RelPath[], isGone: (path: RelPath) => boolean): RelPath[][] {
  const sorted = [...paths].sort((a, b) => Number(INDEX.test(b)) - Number(INDEX.test(a)) || (a < b ? -1 : 1));
  const folders = Map.groupBy(sorted, (path) => `${parentOf(path)}/${isGone(path) ? "gone" : ""}`);
  return [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, folder]) => folder);
}

function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)] as T);
}
