import { lstat, stat } from "node:fs/promises";
import { type Change, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import { parentOf, parentsOf } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { notStaged } from "../files/not-staged.ts";
import type { Publication } from "../target.ts";
import { diskError, onDisk, onDiskUnless } from "./disk-error.ts";
import type { Inside } from "./inside.ts";
import { keepFile } from "./keep-file.ts";
import type { Step, StepPhase } from "./publish-steps.ts";
import type { StageFolder } from "./stage-folder.ts";

const AT_ONCE = 16;

/** What a publication is prepared from. */
export interface PrepareInput {
  readonly folder: StageFolder;
  readonly inside: Inside;
  /** What was staged, by path. */
  readonly staged: ReadonlyMap<string, FileMeta>;
}

/**
 * Makes sure that nothing stands in the way of publishing, as far as it can be known, and keeps a second link to
 * everything that will be replaced or deleted. Changes nothing below the document root.
 */
export async function prepareSteps(
  { phases, emptied }: Publication,
  { folder, inside, staged }: PrepareInput,
  { signal }: Ctx,
): Promise<StepPhase[]> {
  const changes = phases.flatMap((phase) => phase.changes);
  const deleted = new Set<string>(changes.filter(({ kind }) => kind === "delete").map(pathOf));
  const goes = new Set([...deleted, ...emptied]);
  const checked = new Map<string, Promise<void>>();
  const kept = new Set<Change>();

  /** A change can be made in this directory: it is or will be one, on the stage's file system. */
  async function checkDirectory(dir: string): Promise<void> {
    for (const path of [dir, ...parentsOf(dir), ""]) {
      const place = await inside.find(path);
      const found = place && (await onDisk("look at", place, () => stat(place)));
      if (!found || (goes.has(path) && !found.isDirectory())) continue;
      if (!found.isDirectory()) throw diskError("publish below", place, blocked("ENOTDIR"));
      if (found.dev !== folder.device) throw diskError("publish into", place, blocked("EXDEV"));
      return;
    }
  }

  async function prepare(change: Change): Promise<void> {
    throwIfAborted(signal);
    const path = pathOf(change);
    if (change.kind === "put") await checkStaged(path);
    const dir = parentOf(path);
    const check = checked.get(dir) ?? checkDirectory(dir);
    checked.set(dir, check);
    await check;
    const place = await inside.locate(path);
    const found = place && (await onDiskUnless(["ENOENT", "ENOTDIR"], "look at", place, () => lstat(place)));
    if (!found) return;
    if (!found.isDirectory()) {
      await keepFile(place, folder.keptAt(path));
      kept.add(change);
    } else if (change.kind === "put" && !goes.has(path)) throw diskError("publish", place, blocked("EISDIR"));
  }

  async function checkStaged(path: string): Promise<void> {
    const place = folder.stagedAt(path);
    const found = await onDiskUnless(["ENOENT"], "look at", place, () => lstat(place));
    if (staged.has(path) && found?.size === staged.get(path)?.size) return;
    throw notStaged(path);
  }

  await forEachAtOnce(changes, AT_ONCE, prepare);
  const toStep = (change: Change): Step => ({ change, kept: kept.has(change), published: false });
  return phases.map((phase) => ({ name: phase.name, steps: phase.changes.map(toStep), made: [], removed: [] }));
}

/** What the system would say when publishing failed there. */
function blocked(code: "ENOTDIR" | "EISDIR" | "EXDEV"): Error {
  return Object.assign(new Error(code), { code });
}
