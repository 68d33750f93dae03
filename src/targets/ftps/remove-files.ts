import type { Ctx } from "../../core/context.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createFindOut, type FindOut, unclear } from "./find-out.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { isDone, type Reply, replyError, saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";

/** So many commands are given to one connection before others may take a share. */
const SHARE = 64;

/** Deletes files, spread over the connections; absent ones are fine. `done` is called for each as it is gone. */
export async function removeFiles<Path extends string>(
  pool: ConnectionPool,
  server: Server,
  paths: readonly Path[],
  at: (path: Path) => string,
  ctx: Pick<Ctx, "signal">,
  done?: (path: Path) => void,
): Promise<void> {
  await inShares(pool, paths, ctx, async (connection, share) => {
    const replies = await connection.sendAll(share.map((path) => `DELE ${at(path)}`));
    const doubtful = new Map<Path, Reply>();
    for (const [i, path] of share.entries()) {
      const reply = replies[i];
      if (reply && !isDone(reply) && !saysMissing(reply, at(path))) doubtful.set(path, reply);
      else done?.(path);
    }
    const findOut = createFindOut(connection, server);
    for (const [path, reply] of doubtful) {
      await expectGone(at(path), reply, findOut);
      done?.(path);
    }
  });
}

/** Throws unless it turns out that there is no such file; a directory under that name is none. */
export async function expectGone(path: string, reply: Reply, findOut: FindOut): Promise<void> {
  const presence = reply.code === 550 ? await findOut(path) : "file";
  if (presence === "unclear") throw unclear("delete", path, reply.message);
  if (presence === "file") throw replyError("delete", path, reply);
}

/** Deletes leftovers, spread over the connections; whatever the server says to it is fine. */
export async function sweepFiles(
  pool: ConnectionPool,
  paths: readonly string[],
  ctx: Pick<Ctx, "signal">,
): Promise<void> {
  await inShares(pool, paths, ctx, async (connection, share) => {
    await connection.sendAll(share.map((path) => `DELE ${path}`));
  });
}

/** Waits for all of them, also after a failure, so that nothing goes on behind the caller's back. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

async function inShares<Path>(
  pool: ConnectionPool,
  paths: readonly Path[],
  ctx: Pick<Ctx, "signal">,
  work: (connection: FtpConnection, share: readonly Path[]) => Promise<void>,
): Promise<void> {
  const shares: Promise<void>[] = [];
  for (let at = 0; at < paths.length; at += SHARE) {
    const share = paths.slice(at, at + SHARE);
    shares.push(pool.use(ctx, (connection) => work(connection, share)));
  }
  await allDone(shares);
}
