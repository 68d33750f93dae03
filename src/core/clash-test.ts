import { foldingOf, type NameRules } from "./names.ts";
import { directoriesOf, parentsOf } from "./rel-path.ts";

/**
 * Tells which paths can't be beside any of these: those that are one with one of them, a directory above one, or below
 * one. Names are compared as the target does it.
 */
export function clashTest(paths: Iterable<string>, names: NameRules): (path: string) => boolean {
  const fold = foldingOf(names);
  const taken = new Set<string>();
  for (const path of paths) taken.add(fold(path));
  if (taken.size === 0) return () => false;
  if (names.flat) return (path) => taken.has(fold(path));
  const directories = directoriesOf(taken);
  return (path) => {
    const name = fold(path);
    return taken.has(name) || directories.has(name) || parentsOf(name).some((parent) => taken.has(parent));
  };
}
