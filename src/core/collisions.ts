import { type Change, pathOf } from "./change.ts";
import { foldingOf, type NameRules } from "./names.ts";
import { directoriesOf, parentsOf, type RelPath } from "./rel-path.ts";

/** Two paths that a target can't hold side by side. */
export interface Collision {
  /** "same": one name there. "inside": the first is a file, and a directory in the path of the second. */
  readonly kind: "same" | "inside";
  readonly paths: readonly [RelPath, RelPath];
}

/**
 * Finds what can't go well by the target's own reading of names: files sent that are one with another file or stand in
 * its way, and deletions that would hit a file which is to stay. `after` are all the paths the target is to hold.
 * A deletion that is one with a file sent is no collision: it is carried out before.
 */
export function findCollisions(changes: readonly Change[], after: Iterable<RelPath>, rules: NameRules): Collision[] {
  if (changes.length === 0) return [];
  const fold = foldingOf(rules);
  const sent = new Set(changes.filter(({ kind }) => kind === "put").map(pathOf));
  const byName = new Map<string, RelPath>();
  const collisions: Collision[] = [];
  for (const path of after) {
    const name = fold(path);
    const other = byName.get(name);
    if (other === undefined) byName.set(name, path);
    else collisions.push({ kind: "same", paths: [other, path] });
  }
  if (!rules.flat) collisions.push(...filesInTheWay(byName));
  const touched = collisions.filter(({ paths }) => paths.some((path) => sent.has(path)));
  for (const change of changes) {
    if (change.kind === "put") continue;
    const hit = byName.get(fold(change.path));
    if (hit !== undefined && !sent.has(hit)) touched.push({ kind: "same", paths: [hit, change.path] });
  }
  return touched;
}

function filesInTheWay(byName: ReadonlyMap<string, RelPath>): Collision[] {
  const inTheWay = new Map<string, RelPath>();
  for (const directory of directoriesOf(byName.keys())) {
    const file = byName.get(directory);
    if (file !== undefined) inTheWay.set(directory, file);
  }
  if (inTheWay.size === 0) return [];
  const collisions: Collision[] = [];
  for (const [name, path] of byName) {
    for (const parent of parentsOf(name)) {
      const file = inTheWay.get(parent);
      if (file !== undefined) collisions.push({ kind: "inside", paths: [file, path] });
    }
  }
  return collisions;
}
