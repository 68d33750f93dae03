import { createFindOut, unclear } from "./find-out.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { isDone, replyError, saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";
import { download } from "./transfer.ts";

/** The whole content of a file of the server, or undefined only when it is certain that there is no such file. */
export async function readFile(
  connection: FtpConnection,
  server: Server,
  path: string,
): Promise<Uint8Array | undefined> {
  const { reply, content } = await download(connection, server, `RETR ${path}`);
  connection.preparePassive();
  if (isDone(reply)) return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  if (saysMissing(reply, path)) return undefined;
  if (reply.code !== 550 && reply.code !== 553) throw replyError("read", path, reply);
  const look = () => createFindOut(connection, server)(path);
  let presence = await look();
  // A listing that was cut off politely looks complete: what it lacks is believed when a second one lacks it too.
  if (presence === "absent") presence = await look();
  if (presence === "unclear") throw unclear("read", path, reply.message);
  if (presence === "file") throw replyError("read", path, reply);
  return undefined;
}
