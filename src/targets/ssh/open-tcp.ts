import { connect, type Socket } from "node:net";
import { batchWrites } from "./batch-writes.ts";
import type { Hop } from "./resolve-hops.ts";

/** Begins to connect to a server. The socket's failure is kept in it (`errored`) until somebody looks. */
export function openTcp({ host, port }: Pick<Hop, "host" | "port">): Socket {
  // Without Nagle's algorithm: each message of the handshake would wait for the one before to be acknowledged.
  return batchWrites(connect({ host, port, noDelay: true, keepAlive: true })).on("error", () => undefined);
}
