import type { Readable } from "node:stream";
import type { FileMeta } from "../../core/snapshot.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { isDone, isUnsupported, type Reply, replyError } from "./replies.ts";
import type { Server } from "./server.ts";
import { upload } from "./transfer.ts";

/** What to send and where to; paths are the server's own. */
export interface Sending {
  readonly path: string;
  /** Where the bytes lie until they are whole. */
  readonly tempPath: string;
  /** Time and permissions to give; as the server likes when absent. */
  readonly meta?: Pick<FileMeta, "mtimeMs" | "mode">;
  /** Where the file that is replaced is kept when renaming over it is refused; deleted when absent. */
  readonly asidePath?: string;
  readonly body: () => Readable;
}

/**
 * Sends a file under its temporary name and renames it when it is whole. Costs four round trips on a connection in
 * use: renaming it travels together with asking for the next file's data port.
 */
export async function sendFile(connection: FtpConnection, server: Server, sending: Sending): Promise<void> {
  const { path, tempPath } = sending;
  try {
    let stored = await upload(connection, server, tempPath, sending.body);
    if (stored.code === 550 || stored.code === 553) {
      await clearTheWay(connection, sending);
      stored = await upload(connection, server, tempPath, sending.body);
    }
    if (!isDone(stored)) throw replyError("send", path, stored);
    await publish(connection, server, sending);
  } catch (error) {
    if (!connection.lost) await connection.send(`DELE ${tempPath}`).catch(() => undefined);
    throw error;
  }
}

/** A refused STOR most often misses its directory; on a server that never overwrites, an old temporary file is in the way. */
async function clearTheWay(connection: FtpConnection, { tempPath }: Sending): Promise<void> {
  const makeDirs = ancestorsOf(tempPath).map((dir) => `MKD ${dir}`);
  const cleared = connection.sendAll([...makeDirs, `DELE ${tempPath}`]);
  connection.preparePassive();
  await cleared;
}

/** The directories above a path of the server, outermost first: "/a/b/c" gives "/a", "/a/b". */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) ancestors.push(path.slice(0, at));
  return ancestors;
}

async function publish(connection: FtpConnection, server: Server, sending: Sending): Promise<void> {
  const attributes = setAttributes(connection, server, sending);
  const renamed = server.renameReplaces ? rename(connection, sending) : replace(connection, sending);
  connection.preparePassive();
  const [reply] = await Promise.all([renamed, attributes]);
  if (isDone(reply)) return;
  if (!server.renameReplaces || reply.code < 500) throw replyError("put in place", sending.path, reply);
  const second = replace(connection, sending);
  connection.preparePassive();
  const replaced = await second;
  if (!isDone(replaced)) throw replyError("put in place", sending.path, replaced);
  server.renameReplaces = false;
}

/** Before the rename, so that a file is never seen with the wrong permissions. */
async function setAttributes(connection: FtpConnection, server: Server, { tempPath, meta }: Sending): Promise<void> {
  if (!meta) return;
  const { modes } = server.config;
  const mode = modes === "keep" ? meta.mode.toString(8).padStart(4, "0") : modes.padStart(4, "0");
  const [chmod, time] = await Promise.all([
    server.chmod ? connection.send(`SITE CHMOD ${mode} ${tempPath}`) : undefined,
    server.mtimeCommand ? connection.send(`${server.mtimeCommand} ${timeValue(meta.mtimeMs)} ${tempPath}`) : undefined,
  ]);
  if (chmod && isUnsupported(chmod)) server.chmod = false;
  if (time && !isDone(time)) server.mtimeCommand = undefined;
}

/** RFC 3659: YYYYMMDDHHMMSS in UTC. */
function timeValue(mtimeMs: number): string {
  return new Date(mtimeMs).toISOString().replace(/\D/g, "").slice(0, 14);
}

async function rename(connection: FtpConnection, { path, tempPath }: Sending): Promise<Reply> {
  const [from, to] = await Promise.all([connection.send(`RNFR ${tempPath}`), connection.send(`RNTO ${path}`)]);
  if (from.code !== 350) {
    throw new SmartsyncError(`could not put in place ${path}: its temporary file is gone ("${from.message}")`, {
      kind: "transient",
      code: "temporary-file-gone",
    });
  }
  return to;
}

/** For servers that refuse to rename over a file. A moment passes without it, or with the old one aside. */
async function replace(connection: FtpConnection, sending: Sending): Promise<Reply> {
  const { path, asidePath } = sending;
  const clear = asidePath ? [`DELE ${asidePath}`, `RNFR ${path}`, `RNTO ${asidePath}`] : [`DELE ${path}`];
  const [, renamed] = await Promise.all([connection.sendAll(clear), rename(connection, sending)]);
  return renamed;
}
