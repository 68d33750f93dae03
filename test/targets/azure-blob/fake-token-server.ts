import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a token request was, and what it is answered. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
}

/** An answer in JSON. */
export interface Told {
  readonly status: number;
  readonly body: unknown;
}

/** Stands in for Entra ID and for the two services that know managed identities. */
export interface TokenServer extends AsyncDisposable {
  /** "http://127.0.0.1:34567" */
  readonly url: string;
  /** Every request, in order. */
  readonly asked: Asked[];
}

/** Starts one whose answers are worked out by `answer`. */
export async function startTokenServer(answer: (asked: Asked) => Told): Promise<TokenServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const one: Asked = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(body)),
      headers: request.headers,
    };
    asked.push(one);
    const told = answer(one);
    response.writeHead(told.status, { "content-type": "application/json" }).end(JSON.stringify(told.body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A token as Entra ID makes them, though signed by nobody. */
export function unsignedToken(lifeSeconds: number, audience = "https://storage.azure.com"): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    ...{ aud: audience, iss: "https://sts.windows.net/00000000-0000-0000-0000-000000000001/" },
    ...{ iat: now - 10, nbf: now - 10, exp: now + lifeSeconds, tid: "tenant", oid: "somebody" },
  };
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.${Buffer.from("unsigned").toString("base64url")}`;
}
