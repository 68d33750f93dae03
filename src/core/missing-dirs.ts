import type { Plan } from "./plan.ts";
import { directoriesOf, type RelPath } from "./rel-path.ts";
import type { RemoteFile } from "./snapshot.ts";

/** The directories of a plan's puts that a target is not known to have, parents first. */
export function missingDirs({ phases }: Pick<Plan, "phases">, files: ReadonlyMap<RelPath, RemoteFile>): string[] {
  const puts = phases.flatMap(({ changes }) => changes.flatMap((c) => (c.kind === "put" ? [c.file.path] : [])));
  const wanted = directoriesOf(puts);
  if (wanted.size === 0) return [];
  // Nobody knows whether what an interrupted delivery was about to put is there.
  const known = directoriesOf(
    files
      .values()
      .filter(({ sha256 }) => sha256 !== null)
      .map(({ path }) => path),
  );
  return [...wanted].filter((dir) => !known.has(dir)).sort();
}
