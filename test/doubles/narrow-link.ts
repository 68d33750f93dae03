import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A line on which everything sent to a server takes its time, as from an office. */
export interface NarrowLink extends AsyncDisposable {
  /** "http://127.0.0.1:40113", in place of the server's own. */
  readonly endpoint: string;
}

/** Opens a line to a server, on which all clients together send so many bytes a second; answers come at once. */
export async function openNarrowLink(endpoint: string, bytesPerSecond: number): Promise<NarrowLink> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let freeAt = 0;

  /** How long so many bytes take until they are there: each comes after those before it. */
  function waitFor(bytes: number): number {
    freeAt = Math.max(freeAt, performance.now()) + (bytes / bytesPerSecond) * 1_000;
    return Math.max(0, freeAt - performance.now());
  }

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // What breaks on one side is closed on the other; "close" follows every error.
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    client.on("data", (chunk: Buffer) => {
      client.pause();
      setTimeout(() => {
        if (!upstream.destroyed) upstream.write(chunk, () => client.resume());
      }, waitFor(chunk.length));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
