import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ConnectionPool } from "./connection-pool.ts";
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
  readonly meta?: Partial<Pick<FileMeta, "mtimeMs" | "mode">>;
  /** Where the file that is replaced is kept when renaming over it is refused; deleted when absent. */
  readonly asidePath?: string;
  readonly body: () => Readable;
}

/**
 * Puts a file: sends it on one connection of the pool, and on a server that refuses to rename over a file replaces the
 * old one by hand. Costs four round trips on a connection in use: [checks, the next file's data port], connect, TLS,
 * bytes and reply. The renaming travels with the next file, which has the connection by then.
 */
export async function putFile(pool: ConnectionPool, server: Server, sending: Sending, ctx: Ctx): Promise<void> {
  const inPlace = await pool.use(ctx, (connection, release) => sendFile(connection, server, sending, release));
  if (!inPlace) await pool.use(ctx, (connection) => replaceFile(connection, server, sending));
}

/** Puts a file on a connection that is kept. */
export async function storeFile(connection: FtpConnection, server: Server, sending: Sending): Promise<void> {
  if (!(await sendFile(connection, server, sending))) await replaceFile(connection, server, sending);
}

/**
 * Sends a file under its temporary name and renames it when the server holds all of it; false when the server refuses
 * to rename over the old one. `release` is called once the connection may serve somebody else.
 */
async function sendFile(
  connection: FtpConnection,
  server: Server,
  sending: Sending,
  release: () => void = () => undefined,
): Promise<boolean> {
  const { path } = sending;
  await uploadWhole(connection, server, sending);
  const renamed = server.renameReplaces ? rename(connection, sending) : replace(connection, sending);
  release();
  const reply = await renamed;
  if (isDone(reply)) return true;
  if (!server.renameReplaces || reply.code < 500) throw replyError("put in place", path, reply);
  return false;
}

/**
 * Sends a file under its temporary name and gives it its time and permissions. It resolves when the server holds every
 * byte, and leaves nothing there when the body errors.
 */
export async function uploadWhole(
  connection: FtpConnection,
  server: Server,
  sending: Omit<Sending, "asidePath">,
): Promise<void> {
  const { path, tempPath, body } = sending;
  try {
    let stored = await upload(connection, server, tempPath, body);
    if (stored.reply.code === 550 || stored.reply.code === 553) {
      await clearTheWay(connection, tempPath);
      stored = await upload(connection, server, tempPath, body);
    }
    if (!isDone(stored.reply)) throw replyError("send", path, stored.reply);
    await settle(connection, server, sending, stored.bytes);
  } catch (error) {
    if (!connection.lost) await connection.send(`DELE ${tempPath}`).catch(() => undefined);
    throw error;
  }
}

/** Puts in place what lies under its temporary name, on a server that has just refused to rename over a file. */
async function replaceFile(connection: FtpConnection, server: Server, sending: Sending): Promise<void> {
  const replaced = await replace(connection, sending);
  if (!isDone(replaced)) throw replyError("put in place", sending.path, replaced);
  server.renameReplaces = false;
}

/** A refused STOR most often misses its directory; on a server that never overwrites, an old temporary file is in the way. */
async function clearTheWay(connection: FtpConnection, tempPath: string): Promise<void> {
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

/**
 * Makes sure that the server holds every byte, and gives the file its time and permissions; asks for the next data port
 * in the same packet. A line that is cut politely looks like the end of the file to a server: it says 226 all the same.
 */
async function settle(connection: FtpConnection, server: Server, sending: Sending, bytes: number): Promise<void> {
  const { path, tempPath } = sending;
  const measured = server.measures ? connection.send(`SIZE ${tempPath}`) : undefined;
  const attributes = setAttributes(connection, server, sending);
  connection.preparePassive();
  const [size] = await Promise.all([measured, attributes]);
  if (size === undefined) return;
  if (isUnsupported(size)) server.measures = false;
  const kept = /^213 (\d+)/.exec(size.message)?.[1];
  if (kept === undefined || Number(kept) === bytes) return;
  throw new SmartsyncError(`could not send ${path}: the server kept ${kept} of ${bytes} bytes`, {
    kind: "transient",
    code: "transfer-cut",
    hint: "the line was cut on the way; run it again",
  });
}

/** Before the rename, so that a file is never seen with the wrong permissions. */
async function setAttributes(connection: FtpConnection, server: Server, { tempPath, meta }: Sending): Promise<void> {
  const { mtimeMs, mode } = meta ?? {};
  const [chmod, time] = await Promise.all([
    server.chmod && mode !== undefined
      ? connection.send(`SITE CHMOD ${modeValue(server, mode)} ${tempPath}`)
      : undefined,
    server.mtimeCommand && mtimeMs !== undefined
      ? connection.send(`${server.mtimeCommand} ${timeValue(mtimeMs)} ${tempPath}`)
      : undefined,
  ]);
  if (chmod && isUnsupported(chmod)) server.chmod = false;
  if (time && !isDone(time)) server.mtimeCommand = undefined;
}

function modeValue({ config: { modes } }: Server, mode: number): string {
  return (modes === "keep" ? mode.toString(8) : modes).padStart(4, "0");
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
