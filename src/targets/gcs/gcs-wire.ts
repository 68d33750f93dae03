import type { IncomingHttpHeaders } from "node:http";
import type { AccessTokens } from "../../cloud/access-tokens.ts";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { openHttpLine } from "../../lib/http-line.ts";
import { lineError } from "../../lib/line-error.ts";
import { type Refusal, refusalError } from "./gcs-error.ts";

/** One request to the JSON API. */
export interface GcsRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Already encoded: "/storage/v1/b/www/o"; may have a query. */
  readonly path: string;
  /** Values as they are, not encoded; absent ones are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly body?: readonly (string | Uint8Array)[];
}

/** What the service answered. */
export interface GcsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Requests to the JSON API, authorised, each on one of so many kept connections. Lean, because one is made for every
 * file: the SDK takes several times the time for it.
 */
export interface GcsWire extends Disposable {
  /** The answer to a request, one with a status below 300 or among `accepted`; `doing` is for the error: "put a.html". */
  send(doing: string, request: GcsRequest, ctx: Ctx, accepted?: readonly number[]): Promise<GcsAnswer>;
}

/** Of silence. */
const PATIENCE_MS = 60_000;

/** How a wire is opened. */
export interface GcsWireOptions {
  readonly endpoint: string;
  readonly tokens: AccessTokens;
  readonly connections: number;
  /** The project that is billed. */
  readonly userProject?: string;
}

/** Opens nothing yet: connections are made as they are needed. */
export function createGcsWire({ endpoint, tokens, connections, userProject }: GcsWireOptions): GcsWire {
  const { protocol, hostname, host, port, pathname } = new URL(endpoint);
  const line = openHttpLine(connections, PATIENCE_MS);
  const base = pathname.replace(/\/$/, "");

  async function attempt(doing: string, asked: GcsRequest, token: string | undefined, ctx: Ctx): Promise<GcsAnswer> {
    const { method, body = [] } = asked;
    const headers = {
      ...asked.headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(method !== "GET" && { "content-length": `${lengthOf(body)}` }),
    };
    const path = withQuery(`${base}${asked.path}`, { ...asked.query, userProject });
    const request = { method, path, headers, body };
    return await line.send({ protocol, hostname, port }, request, ctx.signal).catch((error: unknown) => {
      throwIfAborted(ctx.signal);
      throw lineError(doing, host, error);
    });
  }

  return {
    async send(doing, asked, ctx, accepted = []) {
      throwIfAborted(ctx.signal);
      const token = await tokens.get(ctx);
      let answer = await attempt(doing, asked, token, ctx);
      if (answer.status === 401 && token !== undefined) {
        tokens.forget(token);
        answer = await attempt(doing, asked, await tokens.get(ctx), ctx);
      }
      if (answer.status < 300 || accepted.includes(answer.status)) return answer;
      throw refusalError(doing, readRefusal(answer));
    },
    [Symbol.dispose]: () => line.close(),
  };
}

/** Reads what an answer that is no success says: a JSON error, or, to media requests, plain text. */
export function readRefusal({ status, body }: GcsAnswer): Refusal {
  const text = body.toString();
  try {
    const { message = "", errors = [] } = JSON.parse(text).error;
    return { status, message: String(message), reason: String(errors[0]?.reason ?? "") };
  } catch {
    return { status, message: text.startsWith("<") ? "" : text, reason: "" };
  }
}

function lengthOf(body: readonly (string | Uint8Array)[]): number {
  return body.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** Puts a query behind a path, which may have one already. */
function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${given.join("&")}`;
}
