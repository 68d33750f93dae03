import { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { ACCESS_FILE, DENY_ALL } from "../files/access-file.ts";
import { rootOf } from "../files/document-root.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { ancestorsOf, storeFile } from "./put-file.ts";
import type { Server } from "./server.ts";

/** The directory of the server in which smartsync keeps what is its own. */
export interface StateFolder {
  /** As the server names it. */
  readonly path: string;
  /** Where it lies below the document root; absent when it is outside. */
  readonly webPath?: string;
  /** Makes the directory and closes it to the web, once; again after a failure. */
  makeReady(ctx: Ctx): Promise<void>;
  /** Writes a small file of it in one step, or with the old one aside (".old") for a moment. */
  store(connection: FtpConnection, path: string, content: Uint8Array): Promise<void>;
}

/** The folder at this path, made when it is first needed; closed to the web when it has a `webPath`. */
export function createStateFolder(pool: ConnectionPool, server: Server, dir: string, webPath?: string): StateFolder {
  let ready: Promise<void> | undefined;

  async function make(connection: FtpConnection): Promise<void> {
    const dirs = [...ancestorsOf(dir), dir].map((path) => `MKD ${path}`);
    if (webPath === undefined) return void (await connection.sendAll(dirs));
    const accessFile = `${dir}/${ACCESS_FILE}`;
    const replies = await connection.sendAll([...dirs, `SIZE ${accessFile}`]);
    if (replies.at(-1)?.message === `213 ${DENY_ALL.length}`) return;
    await store(connection, accessFile, Buffer.from(DENY_ALL));
  }

  async function store(connection: FtpConnection, path: string, content: Uint8Array): Promise<void> {
    try {
      await storeFile(connection, server, {
        path,
        tempPath: `${path}.tmp`,
        asidePath: `${path}.old`,
        body: () => Readable.from([content], { objectMode: false }),
      });
    } catch (error) {
      throw error instanceof SmartsyncError && error.code === "permission-denied" ? mayNotWrite(error, server) : error;
    }
  }

  return {
    path: dir,
    ...(webPath === undefined ? {} : { webPath }),
    makeReady(ctx) {
      ready ??= pool.use(ctx, make).catch((error) => {
        ready = undefined;
        throw error;
      });
      return ready;
    },
    store,
  };
}

/** Accounts that are shut in their document root can't write beside it. */
function mayNotWrite({ message }: SmartsyncError, { config }: Server): SmartsyncError {
  const inside = `${rootOf(config)}/.smartsync`;
  return new SmartsyncError(message, {
    kind: "config",
    code: "permission-denied",
    hint: `let the FTP user write there, or keep the state where it may: statePath: ${inside}`,
  });
}
