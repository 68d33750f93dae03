import { createHash, createHmac } from "node:crypto";
import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, type ProviderRequest, startProvider } from "./provider-fake.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The one API client that there is, and what its account owns. */
export const AKAMAI = {
  clientToken: "akab-client-token-xxxx",
  clientSecret: "akamaiClientS3cret+/AAAAAAAAAAAAAAAAAAAAAAAA=",
  accessToken: "akab-access-token-xxxx",
  hosts: ["www.example.jp", "static.example.jp"],
  cpCodes: [12345, 98765],
};

/** What can be set while it runs. */
interface AkamaiState {
  /** How much later it is by the fake's clock; undefined where it takes any time. */
  skewMs: number | undefined;
  /** Whether the client has no right to the API. */
  denied: boolean;
}

/** Akamai's Fast Purge API v3, as strict as the real one. */
export interface AkamaiFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  readonly state: AkamaiState;
}

/** https://techdocs.akamai.com/purge-cache/reference/rate-limiting */
const BUCKETS = {
  requests: { burst: 100, perSecond: 50 },
  url: { burst: 10_000, perSecond: 200 },
  cpcode: { burst: 300, perSecond: 0.5 },
  tag: { burst: 5_000, perSecond: 500 / 60 },
};

type Kind = "url" | "cpcode" | "tag";

const ROUTE = /^\/ccu\/v3\/(invalidate|delete)\/(url|cpcode|tag)\/(production|staging)$/;
const FORM =
  /^EG1-HMAC-SHA256 client_token=([^;]+);access_token=([^;]+);timestamp=(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)\+0000;nonce=([^;]+);signature=([A-Za-z0-9+/]{43}=)$/;

/** Starts it on a free port. */
export async function startAkamaiFake(buckets: Partial<typeof BUCKETS> = {}): Promise<AkamaiFake> {
  const purged: string[] = [];
  const nonces = new Set<string>();
  const state: AkamaiState = { skewMs: 0, denied: false };
  const limits = { ...BUCKETS, ...buckets };
  const mayAsk = tokenBucket(limits.requests);
  const mayName = { url: tokenBucket(limits.url), cpcode: tokenBucket(limits.cpcode), tag: tokenBucket(limits.tag) };
  let ids = 0;

  function unauthorised(request: ProviderRequest): ProviderAnswer | undefined {
    const { authorization = "" } = request.headers;
    const [, clientToken, accessToken, year, month, day, hour, minute, second, nonce = ""] =
      FORM.exec(authorization) ?? [];
    if (clientToken === undefined) return authn(400, "Invalid authorization header");
    if (clientToken !== AKAMAI.clientToken) return authn(401, "Inactive client token");
    if (accessToken !== AKAMAI.accessToken) return authn(401, "Invalid access token");
    if (!isSigned(request, authorization)) return authn(401, "The signature does not match");
    if (state.skewMs !== undefined) {
      const now = Date.now() + state.skewMs;
      const signed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
      const date = { date: new Date(now).toUTCString() };
      if (Math.abs(signed - now) > 30_000) return { ...authn(400, "Invalid timestamp"), headers: date };
    }
    if (nonces.has(nonce)) return authn(400, "Invalid nonce");
    nonces.add(nonce);
    return undefined;
  }

  function answer({ method, target, headers, body }: ProviderRequest): ProviderAnswer {
    const [, verb, kind] = ROUTE.exec(target) ?? [];
    if (method !== "POST" || !isKind(kind)) return problem(404, "not found", target);
    if (state.denied) return authz();
    if (body.length > 50_000) return problem(413, "request too large", "the limit is 50000 bytes");
    if (headers["content-type"] !== "application/json") return problem(415, "unsupported media type", "");
    const { objects, ...rest } = JSON.parse(String(body)) as { objects?: unknown };
    if (!Array.isArray(objects) || objects.length === 0 || Object.keys(rest).length > 0)
      return problem(400, "bad request", "");
    for (const object of objects) {
      const wrong = wrongWith(kind, object);
      if (wrong) return wrong;
    }
    if (!mayAsk()) return problem(429, "Rate Limit exceeded", "");
    if (!mayName[kind](objects.length)) return problem(429, `${kind.toUpperCase()} Rate Limit exceeded`, "");
    purged.push(...objects.map((object) => (verb === "delete" ? `delete ${object}` : `${object}`)));
    const purgeId = `edup-${++ids}`;
    return {
      status: 201,
      body: { httpStatus: 201, detail: "Request accepted", estimatedSeconds: 5, purgeId, supportId: purgeId },
    };
  }

  const failure = (status: number) =>
    status === 401 ? authn(401, "Inactive client token") : problem(status, "internal error", "broken on purpose");
  const provider = await startProvider({ unauthorised, answer, failure });
  return Object.assign(provider, { state, purged: () => purged });
}

function isKind(kind: string | undefined): kind is Kind {
  return kind === "url" || kind === "cpcode" || kind === "tag";
}

/** Recomputed by https://techdocs.akamai.com/developer/docs/authenticate-with-edgegrid, with nothing of smartsync's. */
function isSigned({ method, target, headers, body }: ProviderRequest, authorization: string): boolean {
  const [unsigned = "", signature] = authorization.split("signature=");
  const timestamp = unsigned.split("timestamp=")[1]?.split(";")[0] ?? "";
  const key = createHmac("sha256", AKAMAI.clientSecret).update(timestamp).digest("base64");
  const content = createHash("sha256").update(body.subarray(0, 131_072)).digest("base64");
  const data = `${method}\thttp\t${headers.host}\t${target}\t\t${content}\t${unsigned}`;
  return createHmac("sha256", Buffer.from(key)).update(data).digest("base64") === signature;
}

function wrongWith(kind: Kind, object: unknown): ProviderAnswer | undefined {
  if (kind === "cpcode") {
    if (typeof object !== "number") return problem(400, "bad cpcode", `${object}`);
    return AKAMAI.cpCodes.includes(object) ? undefined : problem(403, "unauthorized cpcode", `${object}`);
  }
  if (typeof object !== "string") return problem(400, "bad object", `${object}`);
  if (kind === "tag") return /^[\w&'^$!#%+./`|~-]{1,128}$/.test(object) ? undefined : problem(400, "bad tag", object);
  const host = /^https?:\/\/([^/]+)\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/.exec(object)?.[1];
  if (host === undefined) return problem(400, "bad URL", `Invalid or malformed URL '${object}'`);
  return AKAMAI.hosts.includes(host) ? undefined : problem(403, "unauthorized arl", object);
}

const PROBLEM = { "content-type": "application/problem+json" };

function problem(status: number, title: string, detail: string): ProviderAnswer {
  return { status, headers: PROBLEM, body: { httpStatus: status, title, detail, supportId: "edup-0" } };
}

function authn(status: number, detail: string): ProviderAnswer {
  const type = `https://problems.luna.akamaiapis.net/-/pep-authn/${status === 401 ? "deny" : "request-error"}`;
  return {
    status,
    headers: PROBLEM,
    body: { type, title: status === 401 ? "Not authorized" : "Bad request", status, detail },
  };
}

function authz(): ProviderAnswer {
  const type = "https://problems.luna.akamaiapis.net/-/pep-authz/deny";
  const detail = "The client does not have the grant needed for the request";
  return { status: 403, headers: PROBLEM, body: { type, title: "Forbidden", status: 403, detail } };
}
