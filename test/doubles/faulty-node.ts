import { type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Break, CdnFake } from "../contract/cdn-contract.ts";
import { startLocalServer } from "./local-server.ts";

/** A cache on bad days: what it is asked goes on to a real one behind it, unless it is to go wrong. */
export interface FaultyNode extends CdnFake {
  readonly url: string;
  /** All that it was asked, let in or not. */
  readonly asked: readonly Pick<IncomingMessage, "method" | "url" | "headers">[];
}

/** Starts it in front of a node. */
export async function startFaultyNode(behind: string): Promise<FaultyNode> {
  const { hostname, port } = new URL(behind);
  const seen: string[] = [];
  const purged: string[] = [];
  const all: IncomingMessage[] = [];
  const breaks: Break[] = [];

  function passOn({ method, url: path, headers }: IncomingMessage): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    passed.on("error", reject).end();
    return promise;
  }

  async function serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const how = breaks.shift();
    all.push(incoming);
    const asked = `${incoming.headers["x-forwarded-proto"]}://${incoming.headers.host}${incoming.url}`;
    if (how === undefined || how === "cut") {
      const status = await passOn(incoming);
      if (status === 200 || status === 404) purged.push(asked);
      if (status !== 401 && status !== 405) seen.push(asked);
      if (how === "cut") incoming.socket.destroy();
      else answer.writeHead(status).end();
      return;
    }
    const headers = how === "429-with-retry-after" ? { "retry-after": "1" } : {};
    answer.writeHead(Number.parseInt(how, 10), headers).end();
  }

  const server = await startLocalServer((incoming, answer) => {
    serve(incoming, answer).catch((error: unknown) => answer.writeHead(599).end(String(error)));
  });
  return {
    ...server,
    seen,
    asked: all,
    purged: () => purged,
    break(how, times) {
      for (let time = 0; time < times; time++) breaks.push(how);
    },
  };
}
