import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ControlChannel } from "./control-channel.ts";
import { checkSameServer, type Trust } from "./trust.ts";

/** A data connection: one transfer in one direction. */
export interface DataChannel {
  readonly socket: Socket | TLSSocket;
  /** Resolves when bytes may flow: connected, encrypted, and known to lead to the right server. */
  readonly ready: Promise<void>;
}

/**
 * Connects to a data port of the control connection's own host, and says hello in TLS with the first packet that can
 * carry it. Throws nothing: failures come through `ready`, and later as errors of the socket.
 */
export function openDataChannel(
  control: Pick<ControlChannel, "socket" | "session">,
  port: number,
  timeoutMs: number,
  trust: Trust,
): DataChannel {
  const server = control.socket;
  const raw = connectSocket({ host: server.remoteAddress ?? trust.host, port, noDelay: true });
  const socket = server instanceof TLSSocket ? resume(raw, control, trust) : raw;
  const ready = new Promise<void>((resolve, reject) => {
    const failed = (cause: Error): void => reject(dataFailure(trust.host, cause));
    socket.on("error", failed);
    raw.on("error", failed);
    socket.once("close", () => failed(new Error("it was closed")));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("timeout: nothing moved for too long")));
    socket.once(socket === raw ? "connect" : "secureConnect", () => {
      try {
        if (socket instanceof TLSSocket && server instanceof TLSSocket) checkSameServer(socket, server, trust);
        resolve();
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
  });
  // Whoever transfers waits for it; until then a failure must not count as unhandled.
  ready.catch(() => undefined);
  return { socket, ready };
}

/**
 * Some servers demand that data connections resume the control connection's TLS session. A ticket of TLS 1.3 is good
 * for one connection, which brings the ticket for the next; with TLS 1.2 the control connection's own serves them all.
 * Some resume nothing: then the key exchange the server chose before is offered at once, which spares a round trip.
 */
function resume(raw: Socket, control: Pick<ControlChannel, "session" | "socket">, trust: Trust): TLSSocket {
  const { session } = control;
  const group = control.socket instanceof TLSSocket ? groupOf(control.socket) : undefined;
  const socket = connectTls({ ...trust.tlsOptions(group), socket: raw, ...(session ? { session } : {}) });
  socket.on("session", (ticket) => {
    if (socket.getProtocol() === "TLSv1.3") control.session = ticket;
  });
  return socket;
}

/** The named group of the key exchange, where it is one that can be asked for by that name. */
function groupOf(socket: TLSSocket): string | undefined {
  const info = socket.getEphemeralKeyInfo();
  return info && "name" in info && typeof info.name === "string" ? info.name : undefined;
}

/** What broke a data connection, as an error that may pass. */
export function dataFailure(host: string, cause: unknown): SmartsyncError {
  if (cause instanceof SmartsyncError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SmartsyncError(`the data connection to ${host} failed: ${why}`, {
    kind: "transient",
    code: /timeout/i.test(why) ? "timeout" : "data-connection-failed",
    hint: "if this happens every time, a firewall may block the server's passive ports",
    cause,
  });
}
