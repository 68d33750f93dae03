import { connect as connectSocket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { SmartsyncError } from "../../lib/errors.ts";
import { type ControlChannel, createControlChannel } from "./control-channel.ts";
import { type DataChannel, openDataChannel } from "./data-channel.ts";
import { login, startTls } from "./login.ts";
import { parseEpsv, parsePasv, replyError } from "./replies.ts";
import type { Server } from "./server.ts";
import { describeCertificate } from "./trust.ts";

/** A logged-in connection: commands, and one data channel at a time. One caller has it at a time. */
export interface FtpConnection extends Pick<ControlChannel, "send" | "sendAll" | "lost" | "destroy" | "onLost"> {
  /** What the probe at login found; for the first connection to learn the server by. */
  readonly found: Partial<Server>;
  setPatience(ms: number): void;
  /** Asks for the next data port ahead of need, in the packet of the commands sent beside it. */
  preparePassive(): void;
  /** Opens a data channel on the prepared port, or on a new one. */
  openData(): Promise<DataChannel>;
  /** Says goodbye and closes; waits half a second at most. */
  quit(): Promise<void>;
}

/** A port prepared longer ago than this is asked for anew: servers and firewalls forget. */
const PORT_LIVES_MS = 20_000;
const GOODBYE_MS = 500;
/**
 * A server behind a firewall has few data ports, and each rests for a minute after a transfer (TIME_WAIT, RFC 9293): one
 * that has run out says 425. Giving up would fail what only takes longer.
 */
const PORTS_COME_BACK_MS = 75_000;
const ASK_AGAIN_MS = 1_000;
const REUSE = "TLS session reuse";

/** Connects, encrypts, checks the certificate, logs in and settles the session. */
export async function openConnection(server: Server, signal: AbortSignal): Promise<FtpConnection> {
  const { config, codec, timeoutMs } = server;
  const port = config.port ?? (config.security === "implicit" ? 990 : 21);
  const raw = connectSocket({ host: config.host, port, noDelay: true, keepAlive: true });
  let control: ControlChannel | undefined;
  const abort = (): void => {
    control?.destroy(aborted());
    raw.destroy(aborted());
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const socket = config.security === "implicit" ? await startTls(raw, server) : raw;
    control = createControlChannel(socket, config.host, codec, timeoutMs);
    const found = await login(control, server);
    return assemble(control, server, found);
  } catch (error) {
    raw.destroy();
    throw signal.aborted ? aborted() : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function assemble(control: ControlChannel, server: Server, found: Partial<Server>): FtpConnection {
  const { socket } = control;
  let prepared: { port: Promise<number>; at: number } | undefined;
  let data: DataChannel | undefined;
  control.onLost((error) => data?.socket.destroy(error));

  async function askPort(): Promise<number> {
    const command = server.passive;
    let reply = await control.send(command);
    for (let waitedMs = 0; reply.code === 425 && waitedMs < PORTS_COME_BACK_MS; waitedMs += ASK_AGAIN_MS) {
      await delay(ASK_AGAIN_MS);
      reply = await control.send(command);
    }
    const port = command === "EPSV" ? parseEpsv(reply) : parsePasv(reply);
    if (port !== undefined) return port;
    if (command === "PASV" || server.config.passive === "epsv" || reply.code < 500) {
      throw replyError("open a data port on", server.config.host, reply);
    }
    server.passive = "PASV";
    return askPort();
  }

  function learnReuse(): void {
    const reused = data?.socket instanceof TLSSocket && data.socket.isSessionReused();
    if (reused && !server.features.includes(REUSE)) server.features.push(REUSE);
  }

  function preparePassive(): void {
    const port = askPort();
    // Whoever opens the data channel hears of a failure; nobody may ever come.
    port.catch(() => undefined);
    prepared = { port, at: performance.now() };
  }
  preparePassive();

  return {
    found: { ...found, features: [...describeSecurity(socket), ...(found.features ?? [])] },
    get lost() {
      return control.lost;
    },
    send: control.send,
    sendAll: control.sendAll,
    destroy: control.destroy,
    onLost: control.onLost,
    setPatience: control.setPatience,
    preparePassive,
    async openData() {
      const fresh = prepared && performance.now() - prepared.at < PORT_LIVES_MS;
      const port = (await (fresh ? prepared?.port : undefined)) ?? (await askPort());
      prepared = undefined;
      data = openDataChannel(control, port, server.timeoutMs, server.trust);
      data.ready.then(learnReuse, () => undefined);
      return data;
    },
    async quit() {
      if (control.lost) return;
      control.setPatience(GOODBYE_MS);
      await control.send("QUIT").catch(() => undefined);
      control.destroy(new SmartsyncError("the connection was closed", { kind: "aborted", code: "closed" }));
    },
  };
}

function describeSecurity(socket: ControlChannel["socket"]): string[] {
  if (!(socket instanceof TLSSocket)) return ["no encryption"];
  return [socket.getProtocol() ?? "TLS", describeCertificate(socket.getPeerCertificate())];
}

/** The error of everything that was under way when it was told to stop. */
export function aborted(): SmartsyncError {
  return new SmartsyncError("stopped before it was finished", { kind: "aborted", code: "aborted" });
}
