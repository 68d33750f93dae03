import { z } from "zod";
import type { ItemKind, ItemRule, Pace, PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Answer } from "../lib/http-line.ts";
import { judgeStatus, openApi } from "./api.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings, tagSettings } from "./cdn-settings.ts";
import { readJson } from "./read-json.ts";

/**
 * What each plan allows in all zones of an account: requests by prefix, tag or for everything, and addresses a second
 * (https://developers.cloudflare.com/cache/how-to/purge-cache/#availability-and-limits).
 */
const PLANS: Readonly<Record<"free" | "pro" | "business" | "enterprise", { requests: Pace; addresses: Pace }>> = {
  free: { requests: { burst: 25, perSecond: 5 / 60 }, addresses: { burst: 800, perSecond: 800 } },
  pro: { requests: { burst: 25, perSecond: 5 }, addresses: { burst: 1_500, perSecond: 1_500 } },
  business: { requests: { burst: 50, perSecond: 10 }, addresses: { burst: 1_500, perSecond: 1_500 } },
  enterprise: { requests: { burst: 500, perSecond: 50 }, addresses: { burst: 3_000, perSecond: 3_000 } },
};

/** Any call of the API: 1,200 in five minutes (https://developers.cloudflare.com/fundamentals/api/reference/limits/). */
const API: Pace = { burst: 200, perSecond: 1_000 / 300 };

/** https://developers.cloudflare.com/cache/how-to/purge-cache/ */
export const cloudflareCdn = defineCdn({
  type: "cloudflare",
  schema: z.strictObject({
    type: z.literal("cloudflare"),
    ...cdnSettings,
    ...tagSettings,
    zoneId: z
      .string()
      .regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits, on the zone's overview")
      .describe("The zone."),
    apiToken: z.string().min(1).describe("A token with the permission Zone, Cache Purge, Purge."),
    plan: z
      .enum(["free", "pro", "business", "enterprise"])
      .default("free")
      .describe("The account's plan: it says how fast may be purged."),
    addressesPerRequest: z
      .int()
      .min(1)
      .max(500)
      .default(30)
      .describe("Addresses in one request. 100 are documented (500 with Enterprise); some accounts take only 30."),
    apiUrl: z.url().default("https://api.cloudflare.com").describe("Where the API is."),
  }),
  describe: ({ zoneId }) => `Cloudflare zone ${zoneId}`,
  async open({ zoneId, apiToken, plan, addressesPerRequest, apiUrl }, { name }) {
    const api = openApi({ name });
    const zone = new URL(`/client/v4/zones/${zoneId}`, apiUrl);
    const call = (doing: string, method: string, url: URL, body?: Buffer) => ({
      doing,
      method,
      url,
      headers: () => ({ authorization: `Bearer ${apiToken}`, "content-type": "application/json" }),
      judge: (answer: Answer) => judge(answer, doing),
      ...(body && { body }),
    });
    return {
      rules: rulesOf(plan, addressesPerRequest),
      async purge({ items }, ctx) {
        const doing = `purge ${items.length} ${items.length === 1 ? "item" : "items"} of zone ${zoneId}`;
        const body = Buffer.from(JSON.stringify(bodyOf(items)));
        await api.call(call(doing, "POST", new URL(`${zone}/purge_cache`), body), ctx);
        return {};
      },
      async examine(ctx) {
        const answer = await api.call(call(`look at zone ${zoneId}`, "GET", zone), ctx);
        const { name: domain = zoneId, status = "" } = answerShape.parse(readJson(answer.body)).result ?? {};
        return [`zone ${domain}, ${status}`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

function rulesOf(plan: keyof typeof PLANS, addressesPerRequest: number): PurgeRules {
  const { requests: pace, addresses } = PLANS[plan];
  const many: ItemRule = { perRequest: 30, pace };
  return {
    names: "addresses",
    kinds: {
      exact: { perRequest: addressesPerRequest, pace: API, itemPace: addresses },
      directory: many,
      tag: many,
      everything: { perRequest: 1, pace },
    },
    // Incoming addresses are normalised before they are looked up (https://developers.cloudflare.com/rules/normalization/).
    spelling: "normal",
  };
}

/** One request is of one kind. A prefix has no scheme, and means all that is below it. */
function bodyOf(items: readonly PurgeItem[]): object {
  const kinds = new Set<ItemKind>(items.map(({ kind }) => kind));
  if (kinds.size !== 1) throw new Error("a request is of one kind");
  if (kinds.has("everything")) return { purge_everything: true };
  if (kinds.has("tag")) return { tags: items.map((item) => (item.kind === "tag" ? item.tag : "")) };
  const addresses = items.map((item) => ("path" in item ? `${item.origin ?? ""}${item.path}` : ""));
  if (kinds.has("exact")) return { files: addresses };
  return { prefixes: addresses.map((address) => address.replace(/^https?:\/\//, "")) };
}

/** https://developers.cloudflare.com/api/resources/cache/methods/purge/ */
const answerShape = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string().default("") })).nullish(),
  result: z.object({ name: z.string().optional(), status: z.string().optional() }).nullish(),
});

/** A failure may come with the status 200, and the status 401 by mistake. */
function judge(answer: Answer, doing: string): SmartsyncError | undefined {
  const said = answerShape.safeParse(readJson(answer.body)).data;
  const why = (said?.errors ?? []).map(({ code, message }) => `${message} (${code})`).join("; ");
  const error = judgeStatus(answer, doing, why);
  if (answer.status === 401) return doubtful(error?.message ?? doing);
  if (error !== undefined) return withHint(error);
  if (said?.success) return undefined;
  if (said === undefined) {
    return new SmartsyncError(`could not ${doing}: the answer was not Cloudflare's`, {
      kind: "config",
      code: "cdn-unclear",
      hint: "see `apiUrl`, and whether a proxy answers in its place",
    });
  }
  return new SmartsyncError(`could not ${doing}: ${why}`, {
    kind: "config",
    code: "cdn-refused",
    hint: "see what the token may do, and the CDN's settings",
  });
}

function doubtful(message: string): SmartsyncError {
  return new SmartsyncError(message, { kind: "auth", code: "credentials-doubtful" });
}

function withHint(error: SmartsyncError): SmartsyncError {
  const hints: Partial<Record<string, string>> = {
    "permission-denied": "give the token the permission Zone, Cache Purge, Purge, for this zone",
    "cdn-not-found": "see `zoneId`, and that the token is for that zone",
  };
  const { kind, code, message } = error;
  const hint = hints[code] ?? error.hint;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }) });
}
