import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { GcsFault } from "./fault.ts";
import type { FakeBucket } from "./objects.ts";
import { type Begun, type FakeService, operate } from "./operations.ts";
import { type GcsFakeRequest, readRequest } from "./request.ts";
import { createSessions } from "./sessions.ts";
import { ACCOUNT, createTokenDesk, type TokenAnswer } from "./tokens.ts";

/** How the service behaves. */
export interface GcsFakeOptions {
  readonly oneWritePerSecond?: boolean;
  readonly rewriteBytes?: number;
  readonly tokenSeconds?: number;
  /** Milliseconds before every answer. */
  readonly delayMs?: number;
}

/** What goes wrong with a request: a fault, "drop" (the line breaks before anything is done), or "lose" (after it). */
export type Trouble = GcsFault | "drop" | "lose" | undefined;

/** A running service that speaks the JSON API, strictly, with tokens for who may write. */
export interface GcsFake extends AsyncDisposable {
  /** "http://127.0.0.1:34567" */
  readonly endpoint: string;
  readonly buckets: Map<string, FakeBucket>;
  /** Every request that was let in, in order. */
  readonly log: GcsFakeRequest[];
  /** Ids of uploads that were begun and are neither complete nor cancelled. */
  uploads(): readonly string[];
  /** Permissions the account does not have: "storage.objects.delete". */
  readonly denied: Set<string>;
  /** Asked of every request before it is carried out; replace it at will. */
  trouble: (request: GcsFakeRequest) => Trouble;
  readonly tokens: ReturnType<typeof createTokenDesk>;
  /** The configuration of a workload identity, whose token of another issuer lies in this file. */
  identity(tokenFile: string): object;
  stop(): Promise<void>;
}

/** Starts it on a free port, with these buckets. */
export async function startGcsFake(buckets: readonly string[], options: GcsFakeOptions = {}): Promise<GcsFake> {
  const { oneWritePerSecond = false, rewriteBytes = Infinity, tokenSeconds = 3_600, delayMs = 0 } = options;
  const tokens = createTokenDesk(tokenSeconds);
  const denied = new Set<string>();
  const service: FakeService = {
    buckets: new Map(buckets.map((name) => [name, new Map()])),
    sessions: createSessions<Begun>(),
    finished: new Map(),
    oneWritePerSecond,
    rewriteBytes,
    denied,
    demandPermission(name) {
      if (!denied.has(name)) return;
      const why = `${ACCOUNT} does not have ${name} access to the Google Cloud Storage object.`;
      throw new GcsFault(403, "forbidden", `${why} Permission '${name}' denied on resource (or it may not exist).`);
    },
  };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { body, isCut } = await readBody(incoming);
    const given = await tokenFor(incoming, body);
    if (given) return reply(outgoing, given.status, { "metadata-flavor": "Google" }, JSON.stringify(given.json));
    const bearer = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? "")?.[1];
    if (bearer === undefined || !tokens.isValid(bearer)) {
      throw new GcsFault(401, "authError", "Request had invalid authentication credentials.");
    }
    const request = readRequest(incoming);
    fake.log.push(request);
    const trouble = fake.trouble(request);
    if (trouble === "drop") return void incoming.socket.destroy();
    if (trouble instanceof GcsFault) throw trouble;
    const { status, headers = {}, body: content = "" } = operate(service, request, body, isCut);
    if (trouble === "lose" || isCut) return void incoming.socket.destroy();
    if (delayMs > 0) await delay(delayMs);
    reply(outgoing, status, headers, content);
  }

  async function tokenFor(
    { method, url = "", headers }: IncomingMessage,
    body: Buffer,
  ): Promise<TokenAnswer | undefined> {
    if (url.startsWith("/computeMetadata/") && headers["metadata-flavor"] === "Google") {
      return url.includes("/token") ? tokens.issue() : { status: 200, json: {} };
    }
    if (method !== "POST") return undefined;
    return url === "/sts" ? tokens.exchange(new URLSearchParams(body.toString())) : undefined;
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      const fault = error instanceof GcsFault ? error : new GcsFault(500, "internalError", String(error));
      // As the real one does: errors of downloads are plain text.
      const isMedia = incoming.url?.includes("alt=media") === true;
      reply(outgoing, fault.status, {}, isMedia ? fault.message : fault.toJson());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  const fake: GcsFake = {
    endpoint,
    buckets: service.buckets,
    log: [],
    uploads: () => [...service.sessions.open.keys()],
    denied,
    trouble: () => undefined,
    tokens,
    identity: (file) => ({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/github",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${endpoint}/sts`,
      credential_source: { file },
    }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return fake;
}

/** The bytes that came; `isCut` when the line broke before all were there. */
async function readBody(incoming: IncomingMessage): Promise<{ body: Buffer; isCut: boolean }> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of incoming) pieces.push(piece);
    return { body: Buffer.concat(pieces), isCut: false };
  } catch {
    return { body: Buffer.concat(pieces), isCut: true };
  }
}

function reply(
  outgoing: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  outgoing.writeHead(status, { ...headers, "content-length": `${Buffer.byteLength(body)}` }).end(body);
}
