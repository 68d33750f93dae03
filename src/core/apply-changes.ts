import type { Change } from "./change.ts";
import type { Plan } from "./plan.ts";
import type { RelPath } from "./rel-path.ts";
import { asHeld, type RemoteFile } from "./snapshot.ts";

/** What a target holds after these changes were made to what it held. */
export function applyChanges(
  files: ReadonlyMap<RelPath, RemoteFile>,
  changes: Iterable<Change>,
): Map<RelPath, RemoteFile> {
  const after = new Map(files);
  for (const change of changes) {
    if (change.kind === "delete") {
      after.delete(change.path);
    } else {
      after.set(change.file.path, asHeld(change.file));
    }
  }
  return after;
}

/** What a target holds after the whole plan was carried out. */
export function applyPlan(files: ReadonlyMap<RelPath, RemoteFile>, plan: Plan): Map<RelPath, RemoteFile> {
  return applyChanges(
    files,
    plan.phases.flatMap((phase) => phase.changes),
  );
}
