import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, type ProviderRequest, startProvider } from "./provider-fake.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The one pull zone there is, and the account's key. */
export const BUNNY = { pullZoneId: 123_456, accessKey: "5f2c-bunny-s3cret" };

/** bunny.net with one pull zone for www.example.jp. */
export interface BunnyFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
}

const HOSTS = ["www.example.jp", "example-jp.b-cdn.net"];

/** Starts it; the rates are those that are documented, unless others are given. */
export async function startBunnyFake(
  rates = { exact: { burst: 120, perSecond: 5 }, prefix: { burst: 20, perSecond: 0.5 } },
): Promise<BunnyFake> {
  const purged: string[] = [];
  const buckets = { exact: tokenBucket(rates.exact), prefix: tokenBucket(rates.prefix) };

  function purgeAddress({ query }: ProviderRequest): ProviderAnswer {
    const address = query.get("url") ?? "";
    const unknown = [...query.keys()].filter((key) => !["url", "async", "exactPath"].includes(key));
    if (unknown.length > 0) return failure(400, `unknown: ${unknown.join()}`);
    // Encoded twice on the way: once as an address, once as a parameter.
    if (!/^https?:\/\/[^/]+\/[\w.~!$&'()+,;=:@%/[\]|^-]*\*?$/.test(address))
      return failure(400, "The URL is not valid");
    if (!HOSTS.includes(new URL(address).hostname)) return failure(404, "There is no such host name");
    const isPrefix = /[*/]$/.test(address);
    if (!buckets[isPrefix ? "prefix" : "exact"]()) return tooMany();
    const isExact = query.get("exactPath") === "true" && address.endsWith("/");
    purged.push(isPrefix && !isExact ? `${address.replace(/\*$/, "")}*` : address);
    return { status: 200 };
  }

  function purgeZone({ body, headers }: ProviderRequest): ProviderAnswer {
    if (body.byteLength === 0) {
      purged.push("everything");
      return { status: 204 };
    }
    if (!headers["content-type"]?.startsWith("application/json")) return failure(415, "not JSON");
    const { CacheTag, ...rest } = JSON.parse(String(body)) as { CacheTag?: unknown };
    if (typeof CacheTag !== "string" || CacheTag === "" || Object.keys(rest).length > 0)
      return failure(400, "not a tag");
    purged.push(`tag ${CacheTag}`);
    return { status: 204 };
  }

  const provider = await startProvider({
    unauthorised({ headers }) {
      return headers.accesskey === BUNNY.accessKey ? undefined : failure(401, "The request authorization failed");
    },
    failure: (status) => failure(status, "broken on purpose"),
    answer(request) {
      const { method, path } = request;
      if (method === "POST" && path === "/purge") return purgeAddress(request);
      const [, id, verb = ""] = /^\/pullzone\/(\d+)(?:\/(\w+))?$/.exec(path) ?? [];
      if (id !== String(BUNNY.pullZoneId)) return failure(404, "The requested Pull Zone was not found");
      if (method === "POST" && verb === "purgeCache") return purgeZone(request);
      if (method !== "GET" || verb !== "") return failure(405, "Method not allowed");
      return { status: 200, body: { Id: BUNNY.pullZoneId, Name: "example-jp", Enabled: true } };
    },
  });
  return Object.assign(provider, { purged: () => purged });
}

function failure(status: number, Message: string): ProviderAnswer {
  return { status, body: { ErrorKey: "error", Field: "", Message } };
}

function tooMany(): ProviderAnswer {
  return { ...failure(429, "Rate limit exceeded"), headers: { "retry-after": "1" } };
}
