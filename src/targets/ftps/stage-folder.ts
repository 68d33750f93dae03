import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { STAGE_FOLDER, stagedName } from "../files/own-names.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createFindOut } from "./find-out.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { type Entry, listDirectory } from "./list-directory.ts";
import { sweepFiles } from "./remove-files.ts";
import { isDone, type Reply, replyError } from "./replies.ts";
import type { Server } from "./server.ts";
import type { StateFolder } from "./state-folder.ts";

type Stoppable = Pick<Ctx, "signal">;

/** The folder of a stage, below the state: staged files, and old ones that were moved out of visitors' sight. */
export interface StageFolder {
  /** Where a file of this path is staged, and where the old one is kept. */
  stagedAt(path: string): string;
  keptAt(path: string): string;
  /** Makes room for the staged and the old files of these paths. */
  reserve(paths: readonly string[], ctx: Stoppable): Promise<void>;
  /** What lies in it, by name; looks twice when anything of these is missing: a listing may be cut off unnoticed. */
  list(expected: readonly string[], ctx: Stoppable): Promise<Map<string, Entry>>;
  /**
   * Gives the folder another name: renames that were sent on a connection that broke, and may still be carried out,
   * then come to nothing. Gives what lies in it.
   */
  moveOn(ctx: Stoppable): Promise<Map<string, Entry>>;
  /** Makes sure that it can be renamed from here into the document root. Leaves nothing there. */
  checkReach(root: string, probePath: string, ctx: Stoppable): Promise<void>;
  /** Takes it away with all that is in it. */
  remove(ctx: Stoppable): Promise<void>;
}

/** Pure-FTPd lists 10,000 files of a directory at most; a path may have two here. */
const PATHS_PER_SHELF = 4_000;

/** The name under which a path's old file is kept, beside what is staged. */
export function keptName(path: string): string {
  return `${stagedName(path)}.old`;
}

/** Makes an empty folder; what an interrupted stage left goes. */
export async function openStageFolder(
  pool: ConnectionPool,
  server: Server,
  state: StateFolder,
  ctx: Ctx,
): Promise<StageFolder> {
  const base = `${state.path}/${STAGE_FOLDER}`;
  const shelves = new Map<string, number>();
  let number = 1;
  const dir = (): string => `${base}/${number}`;
  const shelvesInUse = (): string[] =>
    Array.from({ length: Math.max(1, Math.ceil(shelves.size / PATHS_PER_SHELF)) }, (_, shelf) => `${dir()}/${shelf}`);

  /** Everything is on one shelf, but in the largest deliveries. */
  function shelfOf(path: string): string {
    const shelf = shelves.get(path) ?? Math.floor(shelves.size / PATHS_PER_SHELF);
    shelves.set(path, shelf);
    return `${dir()}/${shelf}`;
  }

  /** Undefined when there is no such directory. */
  async function list(path: string, { signal }: Stoppable): Promise<readonly Entry[] | undefined> {
    const found = await pool.use({ signal }, (connection) => listDirectory(connection, server, path));
    return "refusal" in found ? undefined : found.entries;
  }

  /** Removes all there is in a directory. */
  async function clear(path: string, { signal }: Stoppable): Promise<void> {
    const entries = (await list(path, { signal })) ?? [];
    const dirs = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => `${path}/${name}`);
    const files = entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => `${path}/${name}`);
    for (const inner of dirs) await clear(inner, { signal });
    await sweepFiles(pool, files, { signal });
    await pool.use({ signal }, (connection) => connection.sendAll(dirs.map((inner) => `RMD ${inner}`)));
  }

  async function make(connection: FtpConnection): Promise<Reply | undefined> {
    const replies = await connection.sendAll([base, dir(), ...shelvesInUse()].map((path) => `MKD ${path}`));
    return replies[1];
  }

  async function listAll({ signal }: Stoppable): Promise<Map<string, Entry>> {
    const found = new Map<string, Entry>();
    await forEachAtOnce(shelvesInUse(), pool.limit, async (shelf) => {
      const entries = await list(shelf, { signal });
      if (entries === undefined) throw stageGone(shelf);
      for (const entry of entries) found.set(entry.name, entry);
    });
    return found;
  }

  await state.makeReady(ctx);
  const made = await pool.use(ctx, make);
  if (made && !isDone(made)) {
    await clear(base, ctx);
    const again = await pool.use(ctx, make);
    if (again && !isDone(again)) throw replyError("make the folder for the stage", dir(), again);
  }

  return {
    stagedAt: (path) => `${shelfOf(path)}/${stagedName(path)}`,
    keptAt: (path) => `${shelfOf(path)}/${keptName(path)}`,
    async reserve(paths, { signal }) {
      const before = shelvesInUse().length;
      for (const path of paths) shelfOf(path);
      if (shelvesInUse().length > before) await pool.use({ signal }, make);
    },
    async list(expected, context) {
      const once = await listAll(context);
      if (expected.every((name) => once.has(name))) return once;
      return new Map([...once, ...(await listAll(context))]);
    },
    async moveOn(context) {
      const from = dir();
      number++;
      try {
        // When the answer to this was lost the first time it lies under the new name already.
        await pool.use(context, (connection) => connection.sendAll([`RNFR ${from}`, `RNTO ${dir()}`]));
        return new Map([...(await listAll(context)), ...(await listAll(context))]);
      } catch (error) {
        number--;
        throw error;
      }
    },
    checkReach: (root, probePath, { signal }) =>
      pool.use({ signal }, async (connection) => {
        const probe = `${base}/probe`;
        // A directory: to a file, some servers do what looks like a rename and is a copy.
        const rename = [`RNFR ${probe}`, `RNTO ${probePath}`];
        const commands = [`RMD ${probePath}`, `MKD ${probe}`, ...rename, `RMD ${probePath}`, `RMD ${probe}`];
        const [, , , renamed] = await connection.sendAll(commands);
        if (renamed && isDone(renamed)) return;
        const [made] = await connection.sendAll([`MKD ${probePath}`, `RMD ${probePath}`]);
        if (made && isDone(made)) throw stateElsewhere(dir(), root, renamed?.message);
        // It is made when the first file goes there.
        if ((await createFindOut(connection, server)(root)) === "absent") return;
        if (made) throw replyError("publish into", root || "/", made);
      }),
    async remove(context) {
      await clear(base, context);
      await pool.use(context, (connection) => connection.send(`RMD ${base}`));
    },
  };
}

function stageGone(dir: string): SmartsyncError {
  return new SmartsyncError(`could not look into the stage ${dir}: it is not there any more`, {
    kind: "conflict",
    code: "stage-gone",
    hint: "somebody else removed it; run the same command again",
  });
}

function stateElsewhere(dir: string, root: string, said = ""): SmartsyncError {
  return new SmartsyncError(`could not rename from ${dir} into ${root || "/"}: the server says "${said}"`, {
    kind: "config",
    code: "state-elsewhere",
    hint: "set statePath to a folder on the same file system as the document root",
  });
}
