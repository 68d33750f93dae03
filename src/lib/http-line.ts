import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import type { LookupFunction } from "node:net";

// An import would read every name that Node's module has, and some of them load a second HTTP client: 40 ms.
const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

/** Where requests go. */
export interface HttpPlace {
  readonly protocol: string;
  readonly hostname: string;
  /** "" for the protocol's own. */
  readonly port: string;
}

/** A request, signed already. */
export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In one piece, or in several that are sent one after the other; `content-length` is the caller's to say. */
  readonly body?: Uint8Array | readonly (string | Uint8Array)[];
}

/** What the server said. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Connections that are kept and used again, so many at most. */
export interface HttpLine {
  /** Sends one request and reads its whole answer, whatever its status. Throws what the socket fails with. */
  send(place: HttpPlace, request: HttpRequest, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** The server has been silent for too long. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
}

/** An answer's body is longer than the line takes; its head is here. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
  readonly answer: Omit<Answer, "body">;

  constructor(maxBytes: number, answer: Omit<Answer, "body">) {
    super(`the answer is longer than ${maxBytes} bytes`);
    this.answer = answer;
  }
}

/** What a line may be held to, where it leads to servers that nobody vouches for. */
export interface LineLimits {
  /** Finds the addresses of a host, or refuses to; not asked about IP addresses. Node's own when absent. */
  readonly lookup?: LookupFunction;
  /** A longer body ends in a TooLongError, at once where Content-Length says it. */
  readonly maxBytes?: number;
}

/**
 * Opens a line of so many connections. Node's agent does all that costs time elsewhere: keep-alive, no delay, TLS with
 * resumed sessions and verified certificates, and proxies named in HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 */
export function openHttpLine(connections: number, timeoutMs: number, limits: LineLimits = {}): HttpLine {
  const { lookup, maxBytes = Number.POSITIVE_INFINITY } = limits;
  const kept = { keepAlive: true, maxSockets: connections, timeout: timeoutMs, proxyEnv: process.env };
  const options = { ...kept, ...(lookup && { lookup }) };
  const httpAgent = new http.Agent(options);
  const httpsAgent = new https.Agent(options);

  function attempt(place: HttpPlace, request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const secure = place.protocol === "https:";
    return new Promise((resolve, reject) => {
      const sent = (secure ? https : http).request({
        agent: secure ? httpsAgent : httpAgent,
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        hostname: place.hostname.replace(/^\[|\]$/g, ""),
        port: place.port,
        method: request.method,
        path: request.path,
        headers: request.headers,
      });
      const live = liveOf(signal).add(sent);
      sent.on("close", () => live.delete(sent));
      sent.on("error", (error) => reject(Object.assign(error, { wasKept: sent.reusedSocket })));
      sent.on("timeout", () => sent.destroy(new SilenceError(`no answer for ${timeoutMs / 1000} seconds`)));
      sent.on("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        // OpenStack Swift lets the end of a chunked body follow, which is an error to Node.
        if (request.method === "HEAD") resolve({ status, headers, body: NOTHING });
        const chunks: Buffer[] = [];
        let bytes = 0;
        const limit = (length: number) => {
          if (length > maxBytes) response.destroy(new TooLongError(maxBytes, { status, headers }));
        };
        response.on("error", reject);
        limit(Number(headers["content-length"]));
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          limit(bytes);
        });
        response.on("end", () => {
          const body = chunks.length === 0 ? NOTHING : Buffer.concat(chunks);
          resolve({ status, headers, body });
        });
      });
      sendBody(sent, request.body);
    });
  }

  return {
    async send(place, request, signal) {
      signal.throwIfAborted();
      try {
        return await attempt(place, request, signal);
      } catch (error) {
        if (signal.aborted || !isStale(error) || !isRepeatable(request)) throw error;
        return attempt(place, request, signal);
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

const NOTHING = Buffer.alloc(0);

function sendBody(sent: ClientRequest, body: HttpRequest["body"]): void {
  if (body === undefined || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  // One packet for the head and a small body.
  sent.cork();
  for (const piece of body) sent.write(piece);
  sent.end();
  sent.uncork();
}

const underWay = new WeakMap<AbortSignal, Set<ClientRequest>>();

/** The requests that end with a signal. One listener for all of them: one for each would cost as much as a signature. */
function liveOf(signal: AbortSignal): Set<ClientRequest> {
  const known = underWay.get(signal);
  if (known !== undefined) return known;
  const live = new Set<ClientRequest>();
  underWay.set(signal, live);
  const stop = () => {
    for (const request of live) request.destroy(new DOMException("stopped", "AbortError"));
  };
  signal.addEventListener("abort", stop, { once: true });
  return live;
}

/** The server closed a connection it had kept, in the moment it was used again: it never saw the request. */
function isStale(error: unknown): boolean {
  if (error instanceof SilenceError || error instanceof TooLongError) return false;
  return error instanceof Error && "wasKept" in error && error.wasKept === true;
}

/**
 * Conditional writes are not: if the first did arrive after all, the second would be told that somebody was faster. Nor
 * are parts of an upload that only go on where the last one ended.
 */
function isRepeatable({ method, headers }: HttpRequest): boolean {
  const isConditional = headers["if-none-match"] !== undefined || headers["if-match"] !== undefined;
  return method !== "POST" && method !== "PATCH" && !isConditional && headers["content-range"] === undefined;
}
