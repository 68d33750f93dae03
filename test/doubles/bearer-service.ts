import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Break, CdnFake } from "../contract/cdn-contract.ts";
import { startLocalServer } from "./local-server.ts";

/** A request as the service read it. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the service says. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** What makes a service of a provider. */
export interface ServiceParts {
  /** Gives tokens; undefined where a request asks for none. */
  tokenFor(request: ServiceRequest): ServiceAnswer | undefined;
  isValid(token: string): boolean;
  /** An error in the provider's own form. */
  refuse(status: number, why: string): ServiceAnswer;
  /** Carries out a request that was let in. */
  answer(request: ServiceRequest): ServiceAnswer;
}

/** A running service that lets in who has a token that it gave. */
export interface BearerService extends Omit<CdnFake, "purged"> {
  /** "http://127.0.0.1:34567" */
  readonly url: string;
  /** Requests with a valid token, in order. */
  readonly seen: ServiceRequest[];
  /** "silent": no answer at all. */
  break(how: Break | "silent", times: number): void;
}

/** Starts it on a free port. */
export async function startBearerService(partsAt: (url: string) => ServiceParts): Promise<BearerService> {
  const seen: ServiceRequest[] = [];
  const breaks: (Break | "silent")[] = [];

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const token = parts.tokenFor(request);
    if (token) return reply(outgoing, token);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer === undefined || !parts.isValid(bearer)) return reply(outgoing, parts.refuse(401, "no valid token"));
    seen.push(request);
    const how = breaks.shift();
    if (how === "silent") return;
    if (how === "cut") {
      parts.answer(request);
      incoming.socket.destroy();
      return;
    }
    reply(outgoing, how === undefined ? parts.answer(request) : broken(how));
  }

  function broken(how: Exclude<Break, "cut">): ServiceAnswer {
    if (how !== "429-with-retry-after") return parts.refuse(Number(how), "broken on purpose");
    return { ...parts.refuse(429, "too many requests"), headers: { "retry-after": "1" } };
  }

  const server = await startLocalServer((incoming, outgoing) => void serve(incoming, outgoing));
  const parts = partsAt(server.url);
  return {
    ...server,
    seen,
    break(how, times) {
      breaks.push(...Array.from({ length: times }, () => how));
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<ServiceRequest> {
  const body = Buffer.concat(await incoming.toArray()).toString();
  const { pathname: path, searchParams: query } = new URL(incoming.url ?? "/", "http://127.0.0.1");
  return { method: incoming.method ?? "", path, query, headers: incoming.headers, body };
}

function reply(outgoing: ServerResponse, { status, headers = {}, json }: ServiceAnswer): void {
  outgoing.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  outgoing.end(json === undefined ? undefined : JSON.stringify(json));
}
