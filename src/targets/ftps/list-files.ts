import type { Ctx } from "../../core/context.ts";
import { parseRelPath } from "../../core/rel-path.ts";
import { isTempName, OWN_FOLDER } from "../files/own-names.ts";
import type { RemoteMeta } from "../target.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createFindOut, unclear } from "./find-out.ts";
import { type Entry, listDirectory } from "./list-directory.ts";
import { saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";

/** Where to list and what to leave out; paths are the server's own. */
export interface Listed {
  readonly root: string;
  readonly stateDir: string;
}

/** Every file below a prefix of the document root, several directories at a time; smartsync's own are left out. */
export async function* listFiles(
  pool: ConnectionPool,
  server: Server,
  { root, stateDir }: Listed,
  prefix: string,
  ctx: Ctx,
): AsyncGenerator<RemoteMeta> {
  const top = prefix.replace(/\/$/, "");
  const waiting = [top];
  const busy = new Map<string, Promise<{ dir: string; entries: readonly Entry[] }>>();
  try {
    while (waiting.length + busy.size > 0) {
      while (busy.size < pool.limit) {
        const dir = waiting.pop();
        if (dir === undefined) break;
        busy.set(dir, visit(dir));
      }
      const { dir, entries } = await Promise.race(busy.values());
      busy.delete(dir);
      for (const { name, isDirectory, size, mtimeMs } of entries) {
        const path = parseRelPath(dir === "" ? name : `${dir}/${name}`);
        if (path === undefined || isTempName(name) || path === OWN_FOLDER || `${root}/${path}` === stateDir) continue;
        if (isDirectory) waiting.push(path);
        else yield { path, size, ...(mtimeMs === undefined ? {} : { mtimeMs }) };
      }
    }
  } finally {
    await Promise.allSettled(busy.values());
  }

  function visit(dir: string): Promise<{ dir: string; entries: readonly Entry[] }> {
    const path = dir === "" ? root : `${root}/${dir}`;
    return pool.use(ctx, async (connection) => {
      const found = await listDirectory(connection, server, path);
      if (!("refusal" in found)) return { dir, entries: found.entries };
      const presence = saysMissing(found.refusal, path) ? "absent" : await createFindOut(connection, server)(path);
      if (presence === "unclear" || presence === "directory") throw unclear("list", path, found.refusal.message);
      return { dir, entries: [] };
    });
  }
}
