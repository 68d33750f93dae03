import { createReadStream } from "node:fs";
import { type Change, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import type { Phase } from "../../core/plan.ts";
import { directoriesOf, type RelPath } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { stagedName, tempPath } from "../files/own-names.ts";
import { carryOut, type Errand } from "./carry-out.ts";
import type { Prepared, StageWork } from "./prepare-stage.ts";
import { missingDirsOf, refusal } from "./publish-stage.ts";
import { putFile } from "./put-file.ts";
import { removeFiles } from "./remove-files.ts";
import { isDone, type Reply } from "./replies.ts";
import { keptName } from "./stage-folder.ts";

/** Puts back what was replaced or deleted and takes away what was added, the last phase first. */
export async function revertStage(
  { pool, server, folder, copies, at }: StageWork,
  { publication, before, there, reverted }: Prepared,
  ctx: Ctx,
): Promise<void> {
  for (const phase of publication.phases.toReversed()) {
    throwIfAborted(ctx.signal);
    await bringBackDirs(phase);
    await carryOut(pool, phase.changes.flatMap(moveBack), ctx, answered);
    const published = phase.changes.filter(isPublished).map(pathOf);
    await forEachAtOnce(
      published.filter((path) => before.files.has(path)),
      pool.limit,
      sendCopy,
    );
    const added = published.filter((path) => !before.files.has(path));
    await removeFiles(pool, server, added, at, ctx, (path) => reverted.add(path));
    await removeDirs(phase);
  }

  /** The old file, where it was moved aside on the server: for what is deleted, or must not be renamed over. */
  function moveBack(change: Change): Errand<Change>[] {
    const path = pathOf(change);
    if (!there.has(keptName(path))) return [];
    const clear = isPublished(change) ? [`DELE ${at(path)}`] : [];
    return [{ of: change, commands: [...clear, `RNFR ${folder.keptAt(path)}`, `RNTO ${at(path)}`] }];
  }

  function isPublished(change: Change): boolean {
    return change.kind === "put" && !there.has(stagedName(change.file.path)) && !reverted.has(change.file.path);
  }

  function answered(change: Change, replies: readonly Reply[]): void {
    const path = pathOf(change);
    const last = replies.at(-1);
    if (!last || !isDone(last)) throw refusal("put back", at(path), replies);
    there.delete(keptName(path));
    if (isPublished(change)) reverted.add(path);
  }

  async function sendCopy(path: RelPath): Promise<void> {
    const copy = copies.get(path);
    if (copy === undefined) throw lost(at(path));
    const { file, meta } = copy;
    const body = () => createReadStream(file);
    await putFile(pool, server, { path: at(path), tempPath: at(tempPath(path)), meta, body }, ctx);
    reverted.add(path);
  }

  async function bringBackDirs({ changes }: Phase): Promise<void> {
    const back = changes.map(pathOf).filter((path) => there.has(keptName(path)));
    const commands = [...directoriesOf(back)].sort().map((dir) => `MKD ${at(dir)}`);
    if (commands.length > 0) await pool.use(ctx, (connection) => connection.sendAll(commands));
  }

  /** Those that hold something else stay. */
  async function removeDirs(phase: Phase): Promise<void> {
    const made = missingDirsOf(phase, publication.missingDirs).filter((dir) => !before.dirs.has(dir));
    const commands = made.toReversed().map((dir) => `RMD ${at(dir)}`);
    if (commands.length > 0) await pool.use(ctx, (connection) => connection.sendAll(commands));
  }
}

function lost(path: string): SmartsyncError {
  return new SmartsyncError(`could not put back ${path}: no copy of what was there before is left`, {
    kind: "conflict",
    code: "copy-gone",
    hint: "deliver the version you want again",
  });
}
