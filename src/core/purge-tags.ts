import type { PurgeInput } from "./purge-plan.ts";
import type { RelPath } from "./rel-path.ts";

/** A site's files as a purge sees them. */
export interface SplitFiles {
  readonly changed: readonly RelPath[];
  readonly unchanged: readonly RelPath[];
}

/** Tags to drop, and the files that they leave to other items. */
export interface TagChoice extends SplitFiles {
  readonly tags: readonly string[];
  /** Unchanged files that bear one of the tags. */
  readonly beside: number;
}

/** The files that bear a tag, and none of the tags taken before. */
interface Bearers {
  readonly changed: Set<RelPath>;
  readonly unchanged: Set<RelPath>;
}

/**
 * Choices of tags, each with one more than that before: of those that drop something changed, the one that drops the
 * least beside for it. None when no changed file bears a tag; what is cached of a file that was not there bears none.
 */
export function chooseTags(
  files: SplitFiles,
  tagsOf: NonNullable<PurgeInput["tagsOf"]>,
  wasThere: PurgeInput["wasThere"] = () => true,
): TagChoice[] {
  const bearers = bearersOf({ ...files, changed: files.changed.filter(wasThere) }, tagsOf);
  const choices: TagChoice[] = [];
  let last: TagChoice = { ...files, tags: [], beside: 0 };
  for (let tag = bestOf(bearers); tag !== undefined; tag = bestOf(bearers)) {
    const { changed, unchanged } = bearers.get(tag) ?? { changed: new Set(), unchanged: new Set() };
    last = {
      tags: [...last.tags, tag],
      changed: last.changed.filter((path) => !changed.has(path)),
      unchanged: last.unchanged.filter((path) => !unchanged.has(path)),
      beside: last.beside + unchanged.size,
    };
    choices.push(last);
    bearers.delete(tag);
    for (const other of bearers.values()) {
      for (const path of changed) other.changed.delete(path);
      for (const path of unchanged) other.unchanged.delete(path);
    }
  }
  return choices;
}

function bearersOf({ changed, unchanged }: SplitFiles, tagsOf: NonNullable<PurgeInput["tagsOf"]>) {
  const bearers = new Map<string, Bearers>();
  for (const path of changed) {
    for (const tag of tagsOf(path)) {
      const own = bearers.get(tag) ?? { changed: new Set(), unchanged: new Set() };
      bearers.set(tag, own);
      own.changed.add(path);
    }
  }
  if (bearers.size === 0) return bearers;
  for (const path of unchanged) for (const tag of tagsOf(path)) bearers.get(tag)?.unchanged.add(path);
  return bearers;
}

function bestOf(bearers: ReadonlyMap<string, Bearers>): string | undefined {
  let best: { tag: string; price: number; changed: number } | undefined;
  for (const [tag, { changed, unchanged }] of bearers) {
    if (changed.size === 0) continue;
    const price = unchanged.size / changed.size;
    if (best === undefined || price < best.price || (price === best.price && changed.size > best.changed)) {
      best = { tag, price, changed: changed.size };
    }
  }
  return best?.tag;
}
