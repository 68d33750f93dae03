import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { tempPath } from "../files/own-names.ts";
import type { Publication, Stage } from "../target.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createCopies } from "./keep-copies.ts";
import { type Prepared, prepareStage } from "./prepare-stage.ts";
import { publishStage } from "./publish-stage.ts";
import { uploadWhole } from "./put-file.ts";
import { revertStage } from "./revert-stage.ts";
import type { Server } from "./server.ts";
import { openStageFolder } from "./stage-folder.ts";
import type { StateFolder } from "./state-folder.ts";

/** What a stage works with. */
export interface StageParts {
  readonly pool: ConnectionPool;
  readonly server: Server;
  readonly state: StateFolder;
  /** A path of the site as the server names it; "" is the document root. */
  at(path: string): string;
  /** Throws when the server can't hold a file of this name. */
  checkName(path: RelPath): void;
}

/** What is left behind when the line is dead is found by the next stage; the end of a run must not wait for it. */
const CLEAN_UP_MS = 10_000;

/**
 * Begins a stage: files are sent into a flat folder below the state and published by renaming. FTP can't copy: what is
 * deleted, or replaced on a server that never overwrites, is renamed into the stage; what is replaced in one step is
 * fetched to this machine before.
 */
export async function openStage(parts: StageParts, ctx: Ctx): Promise<Stage> {
  const { pool, server, state, at, checkName } = parts;
  const folder = await openStageFolder(pool, server, state, ctx);
  const copies = createCopies(pool, server);
  const staged = new Map<RelPath, FileMeta>();
  const work = { pool, server, at, folder, copies };
  let prepared: Prepared | undefined;
  let broken = false;

  /** After a failure nobody knows which renames were carried out, or still will be: see what the server has. */
  async function knowingWhere(doing: (prepared: Prepared) => Promise<void>, context: Ctx): Promise<void> {
    if (prepared === undefined) return;
    if (broken) prepared.there = new Set((await folder.moveOn(context)).keys());
    broken = true;
    await doing(prepared);
    broken = false;
  }

  return {
    async put(file, body, context) {
      checkName(file.path);
      staged.delete(file.path);
      const sending = { path: at(file.path), tempPath: folder.stagedAt(file.path), meta: file, body };
      await pool.use(context, (connection) => uploadWhole(connection, server, sending));
      staged.set(file.path, file);
      return {};
    },
    async prepare(publication: Publication, context) {
      await folder.checkReach(at(""), at(tempPath("probe")), context);
      prepared = await prepareStage(work, publication, staged, context);
    },
    async publish(context, done) {
      if (prepared === undefined) throw notPrepared(state.path);
      await knowingWhere((known) => publishStage(work, known, context, done), context);
    },
    revert: (context) => knowingWhere((known) => revertStage(work, known, context), context),
    async [Symbol.asyncDispose]() {
      const cleanUp = folder.remove({ signal: AbortSignal.timeout(CLEAN_UP_MS) });
      await Promise.allSettled([cleanUp, copies[Symbol.asyncDispose]()]);
    },
  };
}

function notPrepared(place: string): SmartsyncError {
  return new SmartsyncError(`could not publish what is staged in ${place}: it was not prepared`, {
    kind: "bug",
    code: "not-prepared",
  });
}
