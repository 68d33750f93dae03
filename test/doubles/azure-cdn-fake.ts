import { randomUUID } from "node:crypto";
import { type BearerService, type ServiceAnswer, type ServiceRequest, startBearerService } from "./bearer-service.ts";
import { tokenBucket } from "./token-bucket.ts";

/** What there is: one endpoint of either kind, and one application that may purge it. */
export const AZURE = {
  subscriptionId: "0f0e0d0c-1111-4222-8333-444455556666",
  resourceGroup: "web_(本番)",
  profile: "corporate",
  endpoint: "www",
  domains: ["www.example.jp", "example.jp"],
  tenantId: "11112222-3333-4444-5555-666677778888",
  clientId: "deploy",
  clientSecret: "s3c~ret+&=",
};

/** How an operation goes on: how often it is under way when somebody looks, and how it ends. */
interface Course {
  looks: number;
  end: "Succeeded" | "Failed" | "Canceled";
}

/** Azure's management API with one endpoint, and Entra ID beside it. */
export interface AzureCdnFake extends BearerService {
  /** Every path that was purged, as it was written. */
  purged(): readonly string[];
  /** Rights the application does not have: "Microsoft.Cdn/profiles/endpoints/Purge/action". */
  readonly denied: Set<string>;
  /** How the next operations go. */
  readonly course: Course;
  /** Tokens that were given. */
  issued(): number;
  /** No token that was given counts any more. */
  revokeAll(): void;
}

/** Starts one; `resource` says which kind of endpoint it has. */
export async function startAzureCdnFake(resource: "afdEndpoints" | "endpoints"): Promise<AzureCdnFake> {
  const purged: string[] = [];
  const denied = new Set<string>();
  const tokens = new Set<string>();
  const operations = new Map<string, Course>();
  const course: Course = { looks: 1, end: "Succeeded" };
  const writes = tokenBucket({ burst: 200, perSecond: 10 });
  let issued = 0;

  const service = await startBearerService((url) => ({
    isValid: (token) => tokens.has(token),
    refuse: (status, why) => failure(status, NAMES[status] ?? "InternalServerError", why),
    tokenFor({ method, path, body }) {
      if (path !== `/${AZURE.tenantId}/oauth2/v2.0/token`) return undefined;
      const form = new URLSearchParams(body);
      const { clientId, clientSecret } = AZURE;
      const given = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
      const isRight = Object.entries({ ...given, scope: `${url}/.default` }).every(([key, to]) => form.get(key) === to);
      if (method !== "POST" || !isRight) return { status: 401, json: { error: "invalid_client" } };
      issued++;
      const token = `ey.${randomUUID()}`;
      tokens.add(token);
      return { status: 200, json: { token_type: "Bearer", expires_in: 3599, access_token: token } };
    },
    answer(request) {
      const operation = /\/operationresults\/([^/]+)$/.exec(request.path)?.[1];
      if (operation !== undefined) return look(operation, request);
      const [names, verb] = namesIn(request.path);
      const missing = names && missingOf(names);
      if (names === undefined || missing) return missing ?? failure(404, "ResourceNotFound", "no such path");
      if (request.query.get("api-version") === null) return failure(400, "MissingApiVersionParameter", "no version");
      if (verb === undefined) return show(request);
      if (request.method !== "POST" || verb !== "purge") return failure(405, "MethodNotAllowed", "no such verb");
      return purge(request, url);
    },
  }));

  function show({ method }: ServiceRequest): ServiceAnswer {
    if (method !== "GET") return failure(405, "MethodNotAllowed", "read it");
    if (denied.has(`Microsoft.Cdn/profiles/${resource}/read`)) return forbidden(`${resource}/read`);
    const state = resource === "afdEndpoints" ? { enabledState: "Enabled" } : { resourceState: "Running" };
    return {
      status: 200,
      json: { name: AZURE.endpoint, properties: { hostName: "www-a1b2.z01.azurefd.net", ...state } },
    };
  }

  function purge({ headers, body }: ServiceRequest, url: string): ServiceAnswer {
    if (!writes()) {
      return { ...failure(429, "TooManyRequests", "too many writes"), headers: { "retry-after": "1" } };
    }
    if (denied.has(`Microsoft.Cdn/profiles/${resource}/Purge/action`)) return forbidden(`${resource}/Purge/action`);
    const why = wrongWith(headers["content-type"], body, resource);
    if (why !== undefined) return failure(400, "BadRequest", why);
    const { contentPaths } = JSON.parse(body) as { contentPaths: string[] };
    purged.push(...contentPaths);
    const id = randomUUID();
    operations.set(id, { ...course });
    const at = `${url}/subscriptions/${AZURE.subscriptionId}/providers/Microsoft.Cdn/operationresults/${id}?api-version=2024-02-01`;
    return { status: 202, headers: { "azure-asyncoperation": at, location: at, "retry-after": "10" } };
  }

  function look(id: string, { method }: ServiceRequest): ServiceAnswer {
    const operation = operations.get(id);
    if (method !== "GET" || operation === undefined) return failure(404, "ResourceNotFound", "no such operation");
    if (operation.looks-- > 0) return { status: 200, json: { status: "InProgress" } };
    const error = operation.end === "Failed" && { error: { code: "Failed", message: "the edge did not answer" } };
    return { status: 200, json: { status: operation.end, ...error } };
  }

  function missingOf([subscription, group, profile, kind, endpoint]: readonly string[]): ServiceAnswer | undefined {
    if (subscription !== AZURE.subscriptionId) return failure(404, "SubscriptionNotFound", "no such subscription");
    if (group !== AZURE.resourceGroup) return failure(404, "ResourceGroupNotFound", `no group ${group}`);
    if (profile !== AZURE.profile) return failure(404, "ParentResourceNotFound", `no profile ${profile}`);
    if (kind === resource && endpoint === AZURE.endpoint) return undefined;
    return failure(404, "ResourceNotFound", `no ${kind} ${endpoint}`);
  }

  return Object.assign(service, {
    purged: () => [...purged],
    denied,
    course,
    issued: () => issued,
    revokeAll: () => tokens.clear(),
  });
}

const NAMES: Readonly<Record<number, string>> = { 401: "ExpiredAuthenticationToken", 429: "TooManyRequests" };

function failure(status: number, code: string, message: string): ServiceAnswer {
  return { status, json: { error: { code, message } } };
}

function forbidden(right: string): ServiceAnswer {
  return failure(
    403,
    "AuthorizationFailed",
    `The client does not have authorization to perform Microsoft.Cdn/profiles/${right}`,
  );
}

const RESOURCE =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Cdn\/profiles\/([^/]+)\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/;

function namesIn(path: string): [names: readonly string[] | undefined, verb: string | undefined] {
  const found = RESOURCE.exec(path);
  return [found?.slice(1, 6).map(decodeURIComponent), found?.[6]];
}

/** https://learn.microsoft.com/rest/api/cdn/endpoints/purge-content, and the characters of RFC 3986, section 3.3. */
function wrongWith(type: string | undefined, body: string, resource: string): string | undefined {
  if (!type?.startsWith("application/json")) return "not JSON";
  const { contentPaths, domains, ...rest } = JSON.parse(body);
  if (Object.keys(rest).length > 0) return `unknown: ${Object.keys(rest)}`;
  if (!Array.isArray(contentPaths) || contentPaths.length === 0) return "no contentPaths";
  if (contentPaths.length > 100) return "more than 100 paths";
  const bad = contentPaths.find(
    (path) => !/^\/(?:[\w.~!$&'()+,;=:@/-]|%[0-9A-F]{2})*$/.test(path.replace(/\/\*$/, "/")),
  );
  if (bad !== undefined) return `not a path: ${bad}`;
  if (domains === undefined) return undefined;
  if (resource !== "afdEndpoints") return "unknown: domains";
  const foreign = domains.find((domain: string) => !AZURE.domains.includes(domain));
  return foreign && `the domain ${foreign} is not of this endpoint`;
}
