import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SmartsyncError } from "../../lib/errors.ts";
import { type DataChannel, dataFailure } from "./data-channel.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { type Reply, replyError } from "./replies.ts";
import type { Server } from "./server.ts";

/** The server could not open the data connection, or did not like its TLS session. */
const NO_DATA_CODES = new Set([425, 522]);
/** A data connection that broke leaves the server this long to say why on the control connection. */
const EXPLAIN_MS = 5_000;
/** Before it answers, the last bytes may still lie in this machine's buffers, and the server may flush its disk. */
const SETTLE_FACTOR = 4;

/**
 * Sends a body with STOR to a path. Resolves with the server's reply, which may be a refusal, and how many bytes were
 * sent; the body is opened only when the server takes bytes. Throws the body's own error as it is, and transient errors of the connection.
 */
export async function upload(
  connection: FtpConnection,
  server: Server,
  path: string,
  body: () => Readable,
): Promise<{ reply: Reply; bytes: number }> {
  let spoiled: { by: unknown } | undefined;
  let bytes = 0;
  const stored = transfer(connection, server, `STOR ${path}`, async (socket) => {
    bytes = 0;
    const source = body();
    source.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
    });
    try {
      await pipeline(source, socket, { end: false });
    } catch (error) {
      if (socket.destroyed) throw error;
      spoiled = { by: error };
    }
    // Also after a spoiled body: a TLS connection that breaks off may make the server forget its session.
    await new Promise<void>((resolve) => socket.end(resolve));
  });
  await Promise.allSettled([stored]);
  if (spoiled) throw spoiled.by;
  return { reply: await stored, bytes };
}

/** Fetches what a command sends on the data connection, and the server's reply, which may be a refusal. */
export async function download(
  connection: FtpConnection,
  server: Server,
  command: string,
): Promise<{ reply: Reply; content: Buffer }> {
  const chunks: Buffer[] = [];
  const reply = await receive(connection, server, command, (chunk) => void chunks.push(chunk));
  return { reply, content: Buffer.concat(chunks) };
}

/**
 * Hands on what a command sends on the data connection, piece by piece: the next is read when `take` is through with
 * one. Gives the server's reply, which may be a refusal; throws what `take` threw as it is.
 */
export async function receive(
  connection: FtpConnection,
  server: Server,
  command: string,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<Reply> {
  let spoiled: { by: unknown } | undefined;
  const received = transfer(connection, server, command, async (socket) => {
    for await (const chunk of socket) {
      try {
        await take(chunk);
      } catch (error) {
        spoiled = { by: error };
        throw error;
      }
    }
  });
  await Promise.allSettled([received]);
  if (spoiled) throw spoiled.by;
  return received;
}

/**
 * Runs one command with a data connection, and gives its reply. The command leaves together with the connection
 * attempt: the server needs both before it goes on. `flow` moves the bytes once they may flow.
 */
async function transfer(
  connection: FtpConnection,
  server: Server,
  command: string,
  flow: (socket: Socket) => Promise<void>,
): Promise<Reply> {
  const data = await connection.openData();
  const { timeoutMs } = server;
  const go = Promise.withResolvers<void>();
  const answer = connection.send(command, go.resolve).then((reply) => {
    if (reply.code >= 400) data.socket.destroy();
    go.resolve();
    return reply;
  });
  try {
    const [reply, moved] = await Promise.allSettled([answer, move(data, go.promise)]);
    if (reply.status === "rejected") throw tellsMore(moved) ? moved.reason : reply.reason;
    // Without its data connections a control connection is of no more use; a new one has a fresh TLS session too.
    if (NO_DATA_CODES.has(reply.value.code))
      connection.destroy(replyError("transfer with", server.trust.host, reply.value));
    if (moved.status === "rejected" && reply.value.code < 400) throw dataFailure(server.trust.host, moved.reason);
    return reply.value;
  } finally {
    connection.setPatience(timeoutMs);
    data.socket.destroy();
  }

  async function move({ ready, socket }: DataChannel, agreed: Promise<void>): Promise<void> {
    try {
      await ready;
      // Unencrypted, a connection does not show that the server has read the command and agreed.
      if (!("encrypted" in socket)) await agreed;
      if (socket.destroyed) throw new Error("the server refused the transfer");
      connection.setPatience(0);
      await flow(socket);
      socket.setTimeout(0);
      connection.setPatience(timeoutMs * SETTLE_FACTOR);
    } catch (error) {
      socket.destroy();
      connection.setPatience(Math.min(timeoutMs, EXPLAIN_MS));
      throw error;
    }
  }
}

/** A lost control connection says less than the refusal of a data connection's certificate, which caused it. */
function tellsMore(moved: PromiseSettledResult<void>): moved is PromiseRejectedResult {
  return moved.status === "rejected" && moved.reason instanceof SmartsyncError && moved.reason.kind === "auth";
}
