import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Break } from "../contract/cdn-contract.ts";
import { startLocalServer } from "./local-server.ts";

/** A request as a provider reads it. */
export interface ProviderRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** With the query, as it was sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a provider says. */
export interface ProviderAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON when it is an object. */
  readonly body?: string | object;
}

/** What makes a provider of the server. */
export interface ProviderParts {
  /** What is wrong with who asks; undefined when nothing is. */
  unauthorised(request: ProviderRequest): ProviderAnswer | undefined;
  /** Carries out a request that was let in. */
  answer(request: ProviderRequest): ProviderAnswer;
  /** A failure in the provider's own words. */
  failure(status: number): ProviderAnswer;
}

/** A provider of CDNs on this machine. */
export interface ProviderFake extends AsyncDisposable {
  /** "http://127.0.0.1:34567" */
  readonly url: string;
  /** Requests that were let in, in order. */
  readonly seen: ProviderRequest[];
  /** Lets the next requests go wrong. */
  break(how: Break, times: number): void;
}

/** Starts a provider on a free port. */
export async function startProvider(parts: ProviderParts): Promise<ProviderFake> {
  const seen: ProviderRequest[] = [];
  const breaks: Break[] = [];

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const how = breaks.shift();
    const stop = parts.unauthorised(request);
    if (stop !== undefined) return reply(outgoing, stop);
    seen.push(request);
    if (how === undefined) return reply(outgoing, parts.answer(request));
    if (how === "cut") {
      parts.answer(request);
      incoming.socket.destroy();
      return;
    }
    const headers = how === "429-with-retry-after" ? { "retry-after": "1" } : {};
    const failure = parts.failure(Number.parseInt(how, 10));
    reply(outgoing, { ...failure, headers: { ...failure.headers, ...headers } });
  }

  const server = await startLocalServer((incoming, outgoing) => void serve(incoming, outgoing));
  return {
    ...server,
    seen,
    break(how, times) {
      for (let time = 0; time < times; time++) breaks.push(how);
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<ProviderRequest> {
  const { method = "", url: target = "/", headers } = incoming;
  const body = Buffer.concat(await incoming.toArray());
  const { pathname: path, searchParams: query } = new URL(target, "http://127.0.0.1");
  return { method, path, query, target, headers, body };
}

function reply(outgoing: ServerResponse, { status, headers = {}, body = "" }: ProviderAnswer): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? {} : { "content-type": "application/json" };
  outgoing.writeHead(status, { ...type, ...headers }).end(text);
}
