import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What goes wrong with a connection once so many bytes (both ways together) have gone through. */
interface Fault {
  /** "cut" closes both sides as if each peer had hung up; "reset" breaks both; "stall" lets nothing more through. */
  readonly kind: "cut" | "reset" | "stall";
  readonly afterBytes: number;
}

/** A connection as the proxy counts it. */
interface ProxiedConnection {
  readonly channel: "control" | "data";
  /** How many of this channel came before it. */
  readonly index: number;
}

/** How the proxy behaves. */
export interface FlakyProxyOptions {
  /** Asked for every new connection: its fault, or undefined when it is to work. */
  readonly fault?: (connection: ProxiedConnection) => Fault | undefined;
  /** Holds everything for so long each way: half a round trip. */
  readonly latencyMs?: number;
}

/** A running proxy in front of an FTP server. */
export interface FlakyProxy extends AsyncDisposable {
  /** Clients connect here, to the server's own port. */
  readonly host: string;
  readonly port: number;
  /** How many faults of each kind have happened. */
  readonly fired: Readonly<Record<Fault["kind"], number>>;
  /** How many connections of each channel there have been. */
  readonly seen: Readonly<Record<ProxiedConnection["channel"], number>>;
  /** Makes this happen to every open connection now. */
  breakAll(kind: Fault["kind"]): void;
  /** From now on this decides over new connections. */
  setFault(fault: FlakyProxyOptions["fault"]): void;
}

interface Link {
  breakNow(kind: Fault["kind"]): void;
}

/** Joins two sockets, each chunk held for `latencyMs`; calls back before passing bytes, which may shorten them. */
function pipe(from: Socket, to: Socket, latencyMs: number, admit: (chunk: Buffer) => Buffer): void {
  const later = (action: () => void) => (latencyMs ? setTimeout(action, latencyMs) : action());
  from.on("data", (chunk: Buffer) => {
    const admitted = admit(chunk);
    if (admitted.length === 0) return;
    later(() => {
      if (to.destroyed || to.write(admitted)) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
  });
  from.on("end", () => later(() => to.end()));
}

/**
 * Puts a TCP proxy in front of an FTP server on 127.0.0.1 that cuts, resets, stalls and delays. It listens on
 * 127.0.0.2 at the server's own control port and at every port of its passive range, so that data connections,
 * which EPSV sends to the host of the control connection (RFC 2428), come through it too.
 */
export async function startFlakyProxy(
  server: { readonly port: number; readonly passive?: { readonly first: number; readonly last: number } },
  options: FlakyProxyOptions = {},
): Promise<FlakyProxy> {
  const host = "127.0.0.2";
  const fired = { cut: 0, reset: 0, stall: 0 };
  const seen = { control: 0, data: 0 };
  const links = new Set<Link>();
  const listeners: Server[] = [];
  const sockets = new Set<Socket>();
  let decide = options.fault;

  function join(client: Socket, port: number): void {
    const channel = port === server.port ? "control" : "data";
    const index = seen[channel]++;
    const fault = decide?.({ channel, index });
    const upstream = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    const both = [client, upstream];
    let left = fault?.afterBytes ?? Number.POSITIVE_INFINITY;
    const link: Link = {
      breakNow(kind) {
        if (!links.delete(link)) return;
        fired[kind]++;
        left = 0;
        for (const socket of both) {
          if (kind === "cut") socket.destroy();
          if (kind === "reset") socket.resetAndDestroy();
        }
      },
    };
    const admit = (chunk: Buffer): Buffer => {
      const admitted = chunk.subarray(0, left);
      left -= admitted.length;
      // Broken a moment later, so that what was admitted is on its way first.
      if (left === 0 && fault) setTimeout(() => link.breakNow(fault.kind), options.latencyMs ?? 0);
      return admitted;
    };
    links.add(link);
    for (const socket of both) {
      sockets.add(socket);
      // An error on one side is what the peer is to see as a closed connection; "close" follows it.
      socket.on("error", () => {});
      socket.once("close", () => {
        links.delete(link);
        sockets.delete(socket);
        setTimeout(() => {
          for (const other of both) other.destroySoon();
        }, options.latencyMs ?? 0);
      });
    }
    pipe(client, upstream, options.latencyMs ?? 0, admit);
    pipe(upstream, client, options.latencyMs ?? 0, admit);
  }

  const { first, last } = server.passive ?? { first: 1, last: 0 };
  for (const port of [server.port, ...Array.from({ length: last - first + 1 }, (_, i) => first + i)]) {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => join(client, port));
    listener.listen({ host, port });
    await once(listener, "listening");
    listeners.push(listener);
  }
  return {
    host,
    port: server.port,
    fired,
    seen,
    breakAll: (kind) => {
      for (const link of [...links]) link.breakNow(kind);
    },
    setFault: (fault) => {
      decide = fault;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(listeners.map((listener) => new Promise((closed) => listener.close(closed))));
    },
  };
}
