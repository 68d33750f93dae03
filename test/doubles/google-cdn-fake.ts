import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BearerService, type ServiceAnswer, type ServiceRequest, startBearerService } from "./bearer-service.ts";
import { createTokenDesk } from "./gcs-fake/tokens.ts";

/** What there is: a URL map and a Media CDN service in one project. */
export const GOOGLE = { project: "example-site", urlMap: "www", service: "media" };

/** Compute Engine and Network Services, as far as invalidations go. */
export interface GoogleCdnFake extends BearerService {
  /** What was invalidated: "www.example.jp/blog/*", "tag:news"; a host that is not named is "*". */
  purged(): readonly string[];
  /** Permissions the account does not have. */
  readonly denied: Set<string>;
  /** Refused instead of being answered: [429, "…per day…"], for example. */
  trouble: { status: number; message: string; reason: string } | undefined;
  /** How operations go on: how often they run when somebody looks, and what they fail with. */
  readonly course: { looks: number; error?: string };
  readonly tokens: ReturnType<typeof createTokenDesk>;
  /** The configuration of a workload identity that may do it. */
  readonly keyFile: string;
}

/** Starts it; 500 invalidations a minute are let through, or as many in another time. */
export async function startGoogleCdnFake({ limit = 500, windowMs = 60_000 } = {}): Promise<GoogleCdnFake> {
  const tokens = createTokenDesk(3_600);
  const purged: string[] = [];
  const denied = new Set<string>();
  const operations = new Map<string, { looks: number; error?: string }>();
  const course = { looks: 1 };
  const mayGo = slidingWindow(limit, windowMs);

  const service = await startBearerService(() => ({
    isValid: tokens.isValid,
    refuse: (status, why) => failure(status, why, REASONS[status] ?? "backendError"),
    tokenFor({ method, path, body }) {
      if (method !== "POST" || path !== "/sts") return undefined;
      const form = new URLSearchParams(body);
      if (form.get("scope") !== "https://www.googleapis.com/auth/cloud-platform") {
        return { status: 400, json: { error: "invalid_scope" } };
      }
      return tokens.exchange(form);
    },
    answer(request) {
      const { trouble } = fake;
      if (trouble !== undefined) return failure(trouble.status, trouble.message, trouble.reason);
      const computeGlobal = `/compute/v1/projects/${GOOGLE.project}/global/`;
      const { method, path } = request;
      if (path.startsWith(`${computeGlobal}operations/`) && method === "GET") return look(path.split("/").at(-1) ?? "");
      if (path === `${computeGlobal}urlMaps/${GOOGLE.urlMap}` && method === "GET") {
        return guarded("compute.urlMaps.get", () => ({ status: 200, json: { name: GOOGLE.urlMap } }));
      }
      if (path === `${computeGlobal}urlMaps/${GOOGLE.urlMap}/invalidateCache` && method === "POST") {
        return guarded("compute.urlMaps.invalidateCache", () => invalidateMap(request));
      }
      const edge = `/v1/projects/${GOOGLE.project}/locations/global/edgeCacheServices/${GOOGLE.service}`;
      if (path === edge && method === "GET") {
        return guarded("networkservices.EdgeCacheServices.get", () => ({ status: 200, json: { name: edge.slice(4) } }));
      }
      if (path === `${edge}:invalidateCache` && method === "POST") {
        return guarded(
          "networkservices.EdgeCacheServices.invalidateCache",
          () => invalidate(request) ?? { status: 200, json: {} },
        );
      }
      return failure(404, `The resource '${path}' was not found`, "notFound");
    },
  }));

  function guarded(permission: string, then: () => ServiceAnswer): ServiceAnswer {
    if (!denied.has(permission)) return then();
    return failure(403, `Required '${permission}' permission for the resource`, "forbidden");
  }

  function invalidateMap(request: ServiceRequest): ServiceAnswer {
    const id = request.query.get("requestId") ?? "";
    if (!UUID.test(id)) return failure(400, "Invalid value for field 'requestId'", "invalid");
    const name = `operation-${id}`;
    if (!operations.has(name)) {
      const refusal = invalidate(request);
      if (refusal !== undefined) return refusal;
      operations.set(name, { ...course });
    }
    return { status: 200, json: { kind: "compute#operation", name, status: "PENDING" } };
  }

  /** What is wrong with it, or undefined when it was done. */
  function invalidate({ headers, body }: ServiceRequest): ServiceAnswer | undefined {
    const why = wrongWith(headers["content-type"], body);
    if (why !== undefined) return failure(400, why, "invalid");
    if (!mayGo()) return failure(403, "Quota exceeded for invalidations per minute", "rateLimitExceeded");
    const { host = "*", path, cacheTags = [] } = JSON.parse(body);
    if (path !== undefined) purged.push(host + path);
    purged.push(...cacheTags.map((tag: string) => `tag:${tag}`));
    return undefined;
  }

  function look(name: string): ServiceAnswer {
    const operation = operations.get(name);
    if (operation === undefined) return failure(404, `The resource '${name}' was not found`, "notFound");
    if (operation.looks-- > 0) return { status: 200, json: { name, status: "RUNNING" } };
    const error = operation.error && { error: { errors: [{ code: "FAILED", message: operation.error }] } };
    return { status: 200, json: { name, status: "DONE", ...error } };
  }

  const scratch = await mkdtemp(join(tmpdir(), "smartsync-google-cdn-"));
  const keyFile = join(scratch, "鍵.json");
  const subject = join(scratch, "oidc-token");
  await writeFile(subject, tokens.trusted);
  const identity = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/github",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${service.url}/sts`,
    credential_source: { file: subject },
  };
  await writeFile(keyFile, JSON.stringify(identity));
  const stop = service[Symbol.asyncDispose];
  const fake: GoogleCdnFake = Object.assign(service, {
    purged: () => [...purged],
    denied,
    trouble: undefined,
    course,
    tokens,
    keyFile,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(scratch, { recursive: true, force: true });
    },
  });
  return fake;
}

/** So many in any stretch of this length. */
function slidingWindow(limit: number, windowMs: number): () => boolean {
  let passed: number[] = [];
  return () => {
    const now = Date.now();
    passed = passed.filter((at) => at > now - windowMs);
    if (passed.length >= limit) return false;
    passed.push(now);
    return true;
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const REASONS: Readonly<Record<number, string>> = { 401: "authError", 429: "rateLimitExceeded" };

function failure(status: number, message: string, reason: string): ServiceAnswer {
  return { status, json: { error: { code: status, message, errors: [{ message, domain: "global", reason }] } } };
}

/** https://cloud.google.com/cdn/docs/cache-invalidation-overview: the rules for patterns; up to ten tags. */
function wrongWith(type: string | undefined, body: string): string | undefined {
  if (!type?.startsWith("application/json")) return "not JSON";
  const { host, path, cacheTags, ...rest } = JSON.parse(body);
  if (Object.keys(rest).length > 0) return `Unknown name "${Object.keys(rest)[0]}"`;
  if (path === undefined && cacheTags === undefined) return "neither path nor cacheTags";
  if (host !== undefined && !/^[\w.-]+$/.test(host)) return "Invalid value for field 'host'";
  if (path !== undefined && !/^\/(?:[\w.~!$&'()+,;=:@/-]|%[0-9A-Fa-f]{2})*$/.test(path.replace(/\/\*$/, "/"))) {
    return `Invalid value for field 'path': '${path}'`;
  }
  if (cacheTags === undefined) return undefined;
  if (!Array.isArray(cacheTags) || cacheTags.length === 0 || cacheTags.length > 10) return "1 to 10 tags";
  return cacheTags.every((tag) => /^[\w!#$%&'*+.^`|~=/-]{1,120}$/.test(tag)) ? undefined : "not a tag";
}
