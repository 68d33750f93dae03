import { type Change, type PutChange, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import type { Phase } from "../../core/plan.ts";
import { directoriesOf } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { stagedName } from "../files/own-names.ts";
import { carryOut, type Errand } from "./carry-out.ts";
import { createFindOut } from "./find-out.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import type { Prepared, StageWork } from "./prepare-stage.ts";
import { ancestorsOf } from "./put-file.ts";
import { expectGone } from "./remove-files.ts";
import { isDone, type Reply, replyError } from "./replies.ts";
import { keptName } from "./stage-folder.ts";

/** Publishes phase by phase; whatever the stage shows as published is only told. */
export async function publishStage(
  { pool, server, folder, at }: StageWork,
  { publication, before, there, told }: Prepared,
  ctx: Ctx,
  done: (change: Change) => void,
): Promise<void> {
  function tell(change: Change): void {
    if (!told.has(change)) done(change);
    told.add(change);
  }

  /** Undefined when nothing is left to do. */
  function commandsFor(change: Change): string[] | undefined {
    const path = pathOf(change);
    const isOld = before.files.has(path) && !there.has(keptName(path));
    if (change.kind === "delete") return isOld ? setAside(path) : undefined;
    if (!there.has(stagedName(path))) return undefined;
    return [...(isOld && !server.renameReplaces ? setAside(path) : []), ...putInPlace(path)];
  }

  const setAside = (path: string): string[] => [`RNFR ${at(path)}`, `RNTO ${folder.keptAt(path)}`];
  const putInPlace = (path: string): string[] => [`RNFR ${folder.stagedAt(path)}`, `RNTO ${at(path)}`];

  async function answered(change: Change, replies: readonly Reply[], connection: FtpConnection): Promise<void> {
    const path = pathOf(change);
    if (change.kind === "delete") {
      const [found, moved] = replies;
      if (moved && isDone(moved)) there.add(keptName(path));
      else if (!found || found.code < 400) throw refusal("delete", at(path), replies);
      else await expectGone(at(path), found, createFindOut(connection, server));
    } else {
      await published(change, replies, connection);
    }
    tell(change);
  }

  async function published(change: PutChange, replies: readonly Reply[], connection: FtpConnection): Promise<void> {
    const { path } = change.file;
    const last = replies.at(-1);
    if (replies.length > 2 && replies[1] && isDone(replies[1])) there.add(keptName(path));
    if (last && isDone(last)) return void there.delete(stagedName(path));
    // Some servers refuse to rename over a file; how it is with this one shows with the first.
    const mayNotReplace = replies.length === 2 && last && last.code >= 500 && before.files.has(path);
    if (!mayNotReplace) throw refusal("put in place", at(path), replies);
    const again = await connection.sendAll([...setAside(path), ...putInPlace(path)]);
    await published(change, again, connection);
    server.renameReplaces = false;
  }

  async function emptyDirs(): Promise<void> {
    const commands = publication.emptied.map((dir) => `RMD ${at(dir)}`);
    if (commands.length > 0) await pool.use(ctx, (connection) => connection.sendAll(commands));
  }

  // The document root itself, where it is missing.
  const rootDirs = ancestorsOf(at("x")).map((dir) => `MKD ${dir}`);
  if (rootDirs.length > 0) await pool.use(ctx, (connection) => connection.sendAll(rootDirs));
  let emptied = false;
  for (const phase of publication.phases) {
    throwIfAborted(ctx.signal);
    if (phase.name === "replacements") {
      await emptyDirs();
      emptied = true;
    }
    await makeDirs(phase);
    const errands = phase.changes.flatMap((change): Errand<Change>[] => {
      const commands = commandsFor(change);
      if (commands === undefined) tell(change);
      return commands ? [{ of: change, commands }] : [];
    });
    await carryOut(pool, errands, ctx, answered);
  }
  if (!emptied) await emptyDirs();

  /** Its own missing ones only: where one replaces a file, that has to go first. What can't be made shows with the files. */
  async function makeDirs(phase: Phase): Promise<void> {
    const commands = missingDirsOf(phase, publication.missingDirs).map((dir) => `MKD ${at(dir)}`);
    if (commands.length > 0) await pool.use(ctx, (connection) => connection.sendAll(commands));
  }
}

/** The directories a phase's puts need that the target is not known to have, parents first. */
export function missingDirsOf(phase: Phase, missingDirs: readonly string[]): string[] {
  const puts = phase.changes.filter((change) => change.kind === "put");
  const needed = directoriesOf(puts.map(pathOf));
  return missingDirs.filter((dir) => needed.has(dir));
}

/** The failure of a rename: the last reply says why, unless there was nothing to rename. */
export function refusal(doing: string, path: string, replies: readonly Reply[]): Error {
  const [found, moved] = replies.slice(-2);
  const reply = found && found.code >= 400 ? found : moved;
  return replyError(doing, path, reply ?? { code: 550, message: "" });
}
