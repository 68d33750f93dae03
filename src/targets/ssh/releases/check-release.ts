import { SmartsyncError } from "../../../lib/errors.ts";
import type { Publication } from "../../target.ts";
import type { Files } from "./release-scripts.ts";

const SHOWN = 3;

/**
 * Compares a release that was built with the one it was built from: every file put is there with its size, every one
 * deleted is gone, and nothing else is missing. Throws "release-incomplete".
 */
export function checkRelease(name: string, before: Files, { phases }: Publication, after: Files): void {
  const changes = phases.flatMap((phase) => phase.changes);
  const puts = new Map(changes.flatMap((c) => (c.kind === "put" ? [[c.file.path as string, c.file.size]] : [])));
  const deletes = new Set(changes.flatMap((c) => (c.kind === "delete" && !puts.has(c.path) ? [c.path as string] : [])));
  const wrong: string[] = [];
  for (const [path, size] of puts) {
    const found = after.get(path);
    if (found === undefined) wrong.push(`${path} is missing`);
    else if (found !== size) wrong.push(`${path} has ${found} bytes instead of ${size}`);
  }
  for (const path of deletes) if (after.has(path)) wrong.push(`${path} is still there`);
  for (const path of before.keys()) {
    if (!after.has(path) && !puts.has(path) && !deletes.has(path)) wrong.push(`${path} is lost`);
  }
  if (wrong.length === 0) return;
  const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : "";
  throw new SmartsyncError(`the release ${name} is not whole: ${wrong.slice(0, SHOWN).join(", ")}${more}`, {
    kind: "conflict",
    code: "release-incomplete",
    hint: "nothing that visitors see was changed; somebody else may be writing there. Run the same command again",
  });
}
