import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, startProvider } from "./provider-fake.ts";

/** The one service there is, and who may purge it. */
export const FASTLY = { serviceId: "SU1Z0isxPaozGVKXdv0eY", apiToken: "fastly-t0ken_s3cret", host: "www.example.jp" };

/** Fastly's API with one service. */
export interface FastlyFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  /** Whether the token may purge; when more may be purged after too many, in seconds since 1970. */
  readonly state: { denied: boolean; reset: number | undefined };
}

/** Starts it. */
export async function startFastlyFake(): Promise<FastlyFake> {
  const purged: string[] = [];
  const state: FastlyFake["state"] = { denied: false, reset: undefined };
  let ids = 0;

  function accept(...items: string[]): ProviderAnswer {
    purged.push(...items);
    return { status: 200, body: { status: "ok", id: `108-1391560174-${++ids}` } };
  }

  const provider = await startProvider({
    unauthorised({ headers }) {
      return headers["fastly-key"] === FASTLY.apiToken
        ? undefined
        : failure(401, "Provided credentials are missing or invalid");
    },
    failure(status) {
      const reset = state.reset === undefined ? {} : { "fastly-ratelimit-reset": String(state.reset) };
      return { ...failure(status, "broken on purpose"), headers: reset };
    },
    answer({ method, target, headers, body }) {
      if (target.startsWith("/purge/")) {
        const address = target.slice("/purge/".length);
        if (method !== "POST") return failure(405, "Method not allowed");
        if (state.denied) return failure(403, "You are not authorized to perform this action");
        if (!address.startsWith(`${FASTLY.host}/`)) return failure(404, "Record not found");
        if (/[^\w.~!$&'()+,;=:@%/-]/.test(address)) return failure(400, "Bad request");
        return accept(`${headers["fastly-soft-purge"] === "1" ? "soft " : ""}${address}`);
      }
      const [, id, verb] = /^\/service\/(\w+)(?:\/(\w+))?$/.exec(target) ?? [];
      if (id !== FASTLY.serviceId) return failure(404, "Record not found");
      if (method === "GET" && verb === undefined) return { status: 200, body: { id, name: "corporate", version: 3 } };
      if (method !== "POST") return failure(405, "Method not allowed");
      if (state.denied) return failure(403, "You are not authorized to perform this action");
      if (verb === "purge_all") return accept("everything");
      if (verb !== "purge" || !headers["content-type"]?.startsWith("application/json"))
        return failure(400, "Bad request");
      const { surrogate_keys: keys } = JSON.parse(String(body)) as { surrogate_keys?: unknown };
      if (!Array.isArray(keys) || keys.length === 0) return failure(400, "No keys");
      if (keys.length > 256) return failure(400, "Too many keys");
      return accept(...keys.map((key) => `key ${key}`));
    },
  });
  return Object.assign(provider, { state, purged: () => purged });
}

function failure(status: number, msg: string): ProviderAnswer {
  return { status, body: { msg, detail: "" } };
}
