import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, startProvider } from "./provider-fake.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The one API key there is. */
export const SAKURA = { apiToken: "11111111-2222-4333-8444-555555555555", apiSecret: "sakura-s3cret" };

/** Web Accelerator with one site, and what its control panel shows of it. */
export interface SakuraFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  readonly state: {
    /** Addresses that are not cached, and those that fail. */
    notCached: Set<string>;
    failing: Set<string>;
    /** Addresses come back with small hexadecimal digits. */
    spellsAnew: boolean;
    /** Results that are left out of the answer, from the end. */
    silent: number;
    /** The key may not use Web Accelerator. */
    denied: boolean;
    /** Says that it failed, under the status 200. */
    fatal: boolean;
  };
}

const ROOT = "/cloud/zone/is1a/api/webaccel/1.0/";
const DOMAINS = ["www.example.jp", "abcd1234.user.webaccel.jp"];

/** Starts it. It takes 500 calls an hour. */
export async function startSakuraFake(): Promise<SakuraFake> {
  const purged: string[] = [];
  const mayCall = tokenBucket({ burst: 500, perSecond: 1e-9 });
  const state: SakuraFake["state"] = {
    notCached: new Set(),
    failing: new Set(),
    spellsAnew: false,
    silent: 0,
    denied: false,
    fatal: false,
  };

  function deleteCache({ URL: urls }: { URL?: unknown }): ProviderAnswer {
    if (!Array.isArray(urls) || urls.length === 0 || urls.length > 100) return failure(400, "URL must be 1 to 100");
    const results = urls.map((url: unknown) => {
      const spelt = state.spellsAnew ? String(url).replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase()) : String(url);
      const result = (Status: number, Result: string) => ({ URL: spelt, Status, Result });
      if (typeof url !== "string" || !/^https?:\/\/[^/]+\/[^\s#]*$/.test(url)) return result(400, "Bad Request");
      if (!DOMAINS.includes(new URL(url).hostname)) return result(403, "Forbidden");
      if (state.failing.has(url)) return result(500, "Internal Server Error");
      purged.push(url);
      return state.notCached.has(url) ? result(404, "Not Found") : result(200, "OK");
    });
    return { status: 200, body: { Results: results.slice(0, results.length - state.silent) } };
  }

  function deleteAllCache({ Site }: { Site?: { Domain?: unknown } }): ProviderAnswer {
    const domain = Site?.Domain;
    if (typeof domain !== "string" || !DOMAINS.includes(domain)) return failure(404, "そのようなサイトはありません");
    purged.push(`${domain} *`);
    return { status: 200, body: { Success: true, is_ok: true } };
  }

  const provider = await startProvider({
    unauthorised({ headers }) {
      const expected = `Basic ${Buffer.from(`${SAKURA.apiToken}:${SAKURA.apiSecret}`).toString("base64")}`;
      return headers.authorization === expected ? undefined : failure(401, "認証に失敗しました");
    },
    failure: (status) => failure(status, "broken on purpose"),
    answer({ method, path, body, headers }) {
      if (!path.startsWith(ROOT)) return failure(404, "対象が見つかりません");
      if (state.denied) return failure(403, "要求を許可できません。権限エラー");
      if (state.fatal) return { ...failure(500, "要求を処理できません"), status: 200 };
      if (!mayCall()) return failure(429, "リクエスト数が制限値に到達しました");
      const call = `${method} ${path.slice(ROOT.length)}`;
      if (call === "GET site") return { status: 200, body: SITES };
      if (!headers["content-type"]?.startsWith("application/json")) return failure(400, "not JSON");
      const asked = JSON.parse(String(body)) as object;
      if (call === "POST deletecache") return deleteCache(asked);
      if (call === "POST deleteallcache") return deleteAllCache(asked);
      return failure(404, "対象が見つかりません");
    },
  });
  return Object.assign(provider, { state, purged: () => purged });
}

const SITES = {
  Total: 1,
  From: 0,
  Count: 1,
  Sites: [
    {
      ID: "113000000001",
      Name: "会社",
      DomainType: "own_domain",
      Domain: DOMAINS[0],
      Subdomain: DOMAINS[1],
      Status: "enabled",
    },
  ],
};

function failure(status: number, error_msg: string): ProviderAnswer {
  return { status, body: { is_fatal: true, serial: "0a1b2c", status: String(status), error_code: "error", error_msg } };
}
