import { createSecretKey } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { type Answer, openHttpLine } from "../../lib/http-line.ts";
import { lineError } from "../../lib/line-error.ts";
import { type Refusal, refusalError } from "./azure-error.ts";
import { signWithKey } from "./shared-key.ts";
import type { Account } from "./sign-in.ts";

/** One request to a container or to a blob in it. */
export interface BlobRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** The blob's name; absent for the container itself, null for the whole account. */
  readonly key?: string | null;
  /** Values as they are, not encoded. */
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** What the service answered. */
export interface BlobAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Requests to one container, signed, each on one of so many kept connections. Lean, because it is made once for every
 * file: the SDK's pipeline takes twice the time for a put and forty times for a list.
 */
export interface BlobWire extends Disposable {
  /** The answer to a request that succeeded; `doing` is for the error, which names the place: "write", "list". */
  send(doing: string, request: BlobRequest, ctx: Ctx): Promise<BlobAnswer>;
  /** A blob's whole address, with the signature where one in the address signs in. */
  addressOf(key: string): string;
}

/** Of the REST interface: one that every cloud has had for years. */
const API_VERSION = "2023-11-03";

/** Of silence. */
const PATIENCE_MS = 60_000;

/** Opens nothing yet: connections are made as they are needed. */
export function createBlobWire(account: Account, container: string, connections: number): BlobWire {
  const endpoint = new URL(account.endpoint);
  const line = openHttpLine(connections, PATIENCE_MS);
  const base = endpoint.pathname.replace(/\/$/, "");
  const { sas } = account;
  const key = account.key && createSecretKey(account.key);

  const pathOf = (key: string | null | undefined) => {
    if (key === null) return `${base}/`;
    return key === undefined ? `${base}/${container}` : `${base}/${container}/${encodeKey(key)}`;
  };

  async function send(doing: string, asked: BlobRequest, ctx: Ctx): Promise<BlobAnswer> {
    throwIfAborted(ctx.signal);
    const { method, query = {}, body } = asked;
    const deed = `${doing} ${placeOf(account, container, asked.key)}`;
    const path = pathOf(asked.key);
    const headers: Record<string, string> = {
      ...asked.headers,
      "x-ms-version": API_VERSION,
      "x-ms-date": new Date(ctx.clock.now()).toUTCString(),
      ...((method === "PUT" || body) && { "content-length": `${body?.length ?? 0}` }),
    };
    if (account.token) headers.authorization = `Bearer ${await account.token(ctx)}`;
    if (key) headers.authorization = signWithKey(account.name, key, { method, path, query, headers });
    const target = `${path}${encodeQuery(query, sas)}`;
    const request = { method, path: target, headers, ...(body && { body }) };
    const answer = await line.send(endpoint, request, ctx.signal).catch((error: unknown) => {
      throwIfAborted(ctx.signal);
      throw lineError(deed, endpoint.host, error);
    });
    if (answer.status < 300) return answer;
    throw refusalError(deed, readRefusal(answer), ctx.clock.now());
  }

  return {
    send,
    addressOf: (key) => `${endpoint.origin}${pathOf(key)}${encodeQuery({}, sas)}`,
    [Symbol.dispose]: () => line.close(),
  };
}

/** "azure-blob://corporatewww/$web/index.html", for messages; a container without a name in it, an account for null. */
export function placeOf({ name }: Account, container: string, key?: string | null): string {
  if (key === null) return `azure-blob://${name}`;
  return `azure-blob://${name}/${container}${key === undefined ? "" : `/${key}`}`;
}

/** An answer to HEAD has no body: then the header alone says what was wrong. */
function readRefusal({ status, headers, body }: Answer): Refusal {
  const text = body.toString();
  const inText = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1] ?? "";
  const detail = inText("AuthenticationErrorDetail");
  const date = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
  return {
    status,
    code: headers["x-ms-error-code"]?.toString() ?? inText("Code"),
    message: detail || inText("Message"),
    ...(!Number.isNaN(date) && { serverTime: date }),
  };
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/");
}

function encodeQuery(query: Readonly<Record<string, string>>, sas: string | undefined): string {
  const given = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const all = sas === undefined ? given : [...given, sas];
  return all.length === 0 ? "" : `?${all.join("&")}`;
}
