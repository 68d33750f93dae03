import { ACCESS_FILE } from "../files/access-file.ts";
import { STAGE_FOLDER } from "../files/own-names.ts";
import type { StateStore } from "../target.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createFindOut, unclear } from "./find-out.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { listDirectory } from "./list-directory.ts";
import { readFile } from "./read-file.ts";
import { isDone, replyError, saysExists, saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";
import type { StateFolder } from "./state-folder.ts";

const LOCK = "lock";
/** What lies in the folder besides states. */
const HELPERS = new Set([LOCK, ACCESS_FILE, STAGE_FOLDER]);

/** The state in its folder on the server. */
export function createStateStore(pool: ConnectionPool, server: Server, folder: StateFolder): StateStore {
  const { path: dir, webPath, makeReady, store } = folder;
  const at = (name: string): string => `${dir}/${name}`;
  const lockDir = at(LOCK);
  const ownerPath = `${lockDir}/owner`;

  async function read(connection: FtpConnection, path: string): Promise<Uint8Array | undefined> {
    return (await readFile(connection, server, path)) ?? readFile(connection, server, `${path}.old`);
  }

  /** Whether somebody has the lock. */
  async function isLocked(connection: FtpConnection): Promise<boolean> {
    const entered = await connection.send(`CWD ${lockDir}`);
    if (isDone(entered)) return true;
    if (saysMissing(entered, lockDir)) return false;
    const presence = await createFindOut(connection, server)(lockDir);
    if (presence === "unclear") throw unclear("look for the lock", lockDir, entered.message);
    return presence === "directory";
  }

  return {
    place: dir,
    ...(webPath === undefined ? {} : { webPath }),
    read: (name, ctx) => pool.use(ctx, (connection) => read(connection, at(name))),
    async write(name, content, ctx, mayReplace) {
      await Promise.all([makeReady(ctx), mayReplace?.()]);
      await pool.use(ctx, (connection) => store(connection, at(name), content));
    },
    async remove(names, ctx) {
      // What was moved aside goes first: alone, it would come back as the state.
      const paths = names.flatMap((name) => [`${at(name)}.old`, at(name)]);
      await pool.use(ctx, async (connection) => {
        const replies = await connection.sendAll(paths.map((path) => `DELE ${path}`));
        const findOut = createFindOut(connection, server);
        for (const [i, path] of paths.entries()) {
          const reply = replies[i];
          if (reply === undefined || isDone(reply) || saysMissing(reply, path)) continue;
          if ((await findOut(path)) !== "absent") throw replyError("delete", path, reply);
        }
      });
    },
    list: (ctx) =>
      pool.use(ctx, async (connection) => {
        const found = await listDirectory(connection, server, dir);
        if (!("refusal" in found)) return namesIn(found.entries.map(({ name }) => name));
        if (saysMissing(found.refusal, dir)) return [];
        if ((await createFindOut(connection, server)(dir)) === "absent") return [];
        throw unclear("list", dir, found.refusal.message);
      }),
    async takeLock(owner, ctx) {
      await makeReady(ctx);
      return pool.use(ctx, async (connection) => {
        const made = await connection.send(`MKD ${lockDir}`);
        if (!isDone(made)) {
          if (saysExists(made, lockDir) || (await isLocked(connection))) return false;
          throw replyError("take the lock", lockDir, made);
        }
        try {
          await store(connection, ownerPath, owner);
        } catch (error) {
          if (!connection.lost) await connection.send(`RMD ${lockDir}`);
          throw error;
        }
        return true;
      });
    },
    readLock: (ctx) =>
      pool.use(ctx, async (connection) => {
        if (!(await isLocked(connection))) return undefined;
        return (await read(connection, ownerPath)) ?? new Uint8Array();
      }),
    writeLock: (owner, ctx) => pool.use(ctx, (connection) => store(connection, ownerPath, owner)),
    dropLock: (ctx) =>
      pool.use(ctx, async (connection) => {
        const files = [".tmp", ".old", ""].map((ending) => `DELE ${ownerPath}${ending}`);
        const replies = await connection.sendAll([...files, `RMD ${lockDir}`]);
        const removed = replies.at(-1);
        if (removed === undefined || isDone(removed) || saysMissing(removed, lockDir)) return;
        if (await isLocked(connection)) throw replyError("give up the lock", lockDir, removed);
      }),
  };
}

/** The states among the names of the directory: without smartsync's own helpers, and those moved aside by their name. */
function namesIn(names: readonly string[]): string[] {
  const states = names.filter((name) => !HELPERS.has(name) && !name.endsWith(".tmp"));
  return [...new Set(states.map((name) => name.replace(/\.old$/, "")))];
}
