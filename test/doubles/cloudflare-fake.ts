import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, startProvider } from "./provider-fake.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The one zone there is, and who may purge it. */
export const CLOUDFLARE = { zoneId: "0123456789abcdef0123456789abcdef", apiToken: "cf-t0ken_s3cret" };

/** Cloudflare's API with one zone. */
export interface CloudflareFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  /** Whether the token may look at the zone and not purge it; how many of the next purges fail under the status 200. */
  readonly state: { denied: boolean; unsuccessful: number };
}

/** Starts it; `perRequest` is how many addresses it takes in a request. */
export async function startCloudflareFake(perRequest = 30): Promise<CloudflareFake> {
  const purged: string[] = [];
  const state = { denied: false, unsuccessful: 0 };
  const requests = tokenBucket({ burst: 25, perSecond: 5 / 60 });
  const addresses = tokenBucket({ burst: 800, perSecond: 800 });

  function purge(body: Record<string, unknown>): ProviderAnswer {
    const keys = Object.keys(body);
    const [key = ""] = keys;
    if (keys.length !== 1 || !["files", "prefixes", "tags", "hosts", "purge_everything"].includes(key)) {
      return failure(400, 1012, "Request must contain one of purge_everything, files, tags, hosts or prefixes");
    }
    if (key === "purge_everything") {
      if (body[key] !== true) return failure(400, 1012, "purge_everything must be true");
      if (!requests()) return tooMany();
      return accept(["everything"]);
    }
    const items = body[key];
    if (!Array.isArray(items) || items.length === 0) return failure(400, 1012, `${key} is empty`);
    if (items.length > (key === "files" ? perRequest : 30)) return failure(400, 1094, "Too many items in one request");
    const bad = items.find((item) => typeof item !== "string" || wrongWith(key, item));
    if (bad !== undefined) return failure(400, 1113, `not one of ${key}: ${bad}`);
    if (key === "files" ? !addresses(items.length) : !requests()) return tooMany();
    return accept(items.map((item) => `${key} ${item}`));
  }

  function accept(items: readonly string[]): ProviderAnswer {
    if (state.unsuccessful > 0) {
      state.unsuccessful--;
      return failure(200, 1016, "purge failed");
    }
    purged.push(...items);
    return { status: 200, body: { success: true, errors: [], messages: [], result: { id: CLOUDFLARE.zoneId } } };
  }

  const provider = await startProvider({
    unauthorised({ headers }) {
      return headers.authorization === `Bearer ${CLOUDFLARE.apiToken}`
        ? undefined
        : failure(401, 10000, "Authentication error");
    },
    failure: (status) => failure(status, 10000, "broken on purpose"),
    answer({ method, path, body, headers }) {
      const [, id, verb] = /^\/client\/v4\/zones\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
      if (id !== CLOUDFLARE.zoneId)
        return failure(404, 7003, "Could not route to /zones, perhaps your object identifier is invalid?");
      if (method === "GET" && verb === undefined) {
        const result = { id, name: "example.jp", status: "active" };
        return { status: 200, body: { success: true, errors: [], messages: [], result } };
      }
      if (method !== "POST" || verb !== "purge_cache") return failure(405, 10405, "Method not allowed");
      if (state.denied) return failure(403, 10000, "Authentication error");
      if (!headers["content-type"]?.startsWith("application/json")) return failure(415, 10015, "not JSON");
      return purge(JSON.parse(String(body)) as Record<string, unknown>);
    },
  });
  return Object.assign(provider, { state, purged: () => purged });
}

/** Addresses are whole and encoded; a prefix has no scheme. */
function wrongWith(key: string, item: string): boolean {
  if (key === "files") return !/^https?:\/\/[^/]+\/[\w.~!$&'()+,;=:@%/-]*$/.test(item);
  return key === "prefixes" && !/^[\w.-]+\/[\w.~!$&'()+,;=:@%/-]*$/.test(item);
}

function failure(status: number, code: number, message: string): ProviderAnswer {
  return { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
}

function tooMany(): ProviderAnswer {
  return { ...failure(429, 10013, "Rate limited"), headers: { "retry-after": "1" } };
}
