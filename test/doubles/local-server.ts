import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

/** A server of the test's own process. */
export interface LocalServer extends AsyncDisposable {
  /** "http://127.0.0.1:34567" */
  readonly url: string;
}

/** Starts an HTTP server on a free port; stopping it cuts every connection. */
export async function startLocalServer(serve: RequestListener): Promise<LocalServer> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
