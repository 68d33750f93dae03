import { z } from "zod";
import type { Pace, PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Answer } from "../lib/http-line.ts";
import { judgeStatus, openApi } from "./api.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings, tagSettings } from "./cdn-settings.ts";
import { readJson } from "./read-json.ts";

/** 100,000 purges an hour (https://docs.fastly.com/products/network-services-resource-limits), at most half of them at once. */
const PACE: Pace = { burst: 50_000, perSecond: 50_000 / 3_600 };

/** https://www.fastly.com/documentation/reference/api/purging/ has no wildcards: an address, a surrogate key, or everything. */
const RULES: PurgeRules = {
  names: "addresses",
  kinds: { exact: { perRequest: 1 }, tag: { perRequest: 256 }, everything: { perRequest: 1 } },
  pace: PACE,
  spelling: "as-requested",
};

/** Fastly, and what is sold on top of it under other names. */
export const fastlyCdn = defineCdn({
  type: "fastly",
  schema: z.strictObject({
    type: z.literal("fastly"),
    ...cdnSettings,
    ...tagSettings,
    serviceId: z
      .string()
      .regex(/^\w{1,64}$/, "letters and digits, as Fastly shows it")
      .describe("The service."),
    apiToken: z.string().min(1).describe("A token with the scopes purge_select and purge_all."),
    soft: z
      .boolean()
      .default(false)
      .describe(
        "Marks addresses and keys as stale instead of dropping them: they are given once more while the new ones are fetched.",
      ),
    apiUrl: z
      .url()
      .default("https://api.fastly.com")
      .describe("Where the API is; that of whoever sells Fastly under another name."),
  }),
  describe: ({ serviceId }) => `Fastly service ${serviceId}`,
  async open({ serviceId, apiToken, soft, apiUrl }, { name }) {
    const api = openApi({ name });
    const service = `/service/${serviceId}`;
    const call = (
      doing: string,
      method: string,
      path: string,
      headers: Record<string, string> = {},
      body?: object,
    ) => ({
      doing,
      method,
      url: new URL(path, apiUrl),
      headers: () => ({
        "fastly-key": apiToken,
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
        ...headers,
      }),
      judge: (answer: Answer) => judge(answer, doing),
      retryAfter: untilReset,
      ...(body && { body: Buffer.from(JSON.stringify(body)) }),
    });
    return {
      rules: RULES,
      async purge({ items }, ctx) {
        const [first] = items;
        if (first === undefined || (first.kind !== "tag" && items.length > 1)) {
          throw new Error("a request is of one address, or of surrogate keys");
        }
        const doing = `purge ${nameOf(first, items.length)} of service ${serviceId}`;
        const softly = soft ? { "fastly-soft-purge": "1" } : {};
        const answer = await api.call(
          first.kind === "everything"
            ? call(doing, "POST", `${service}/purge_all`)
            : first.kind === "tag"
              ? call(doing, "POST", `${service}/purge`, softly, { surrogate_keys: items.flatMap(tagOf) })
              : call(doing, "POST", `/purge/${addressOf(first)}`, softly),
          ctx,
        );
        const id = answerShape.safeParse(readJson(answer.body)).data?.id;
        return id === undefined ? {} : { id };
      },
      async examine(ctx) {
        const answer = await api.call(call(`look at service ${serviceId}`, "GET", service), ctx);
        const { name: title = serviceId } = answerShape.safeParse(readJson(answer.body)).data ?? {};
        return [`service ${title}`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

const answerShape = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  name: z.string().optional(),
  msg: z.string().optional(),
  detail: z.string().optional(),
});

function nameOf(item: PurgeItem, count: number): string {
  if (item.kind === "everything") return "everything";
  return item.kind === "tag" ? `${count} surrogate keys` : `${item.origin}${item.path}`;
}

function tagOf(item: PurgeItem): string[] {
  return item.kind === "tag" ? [item.tag] : [];
}

/** Host and path. */
function addressOf({ origin = "", path }: Extract<PurgeItem, { path: string }>): string {
  return `${new URL(origin).host}${path}`;
}

/** https://www.fastly.com/documentation/reference/api/#rate-limiting: the second, since 1970, in which there is more again. */
function untilReset({ status, headers }: Answer, nowMs: number): number | undefined {
  const reset = Number(headers["fastly-ratelimit-reset"]);
  return status === 429 && reset > 0 ? Math.max(1_000, reset * 1000 - nowMs) : undefined;
}

function judge(answer: Answer, doing: string): SmartsyncError | undefined {
  const { status, msg = "", detail = "" } = answerShape.safeParse(readJson(answer.body)).data ?? {};
  const error = judgeStatus(answer, doing, [msg, detail].filter((text) => text !== "").join(": "));
  if (error === undefined && (status === undefined || status === "ok")) return undefined;
  if (error === undefined) {
    const hint = "see the service's settings";
    return new SmartsyncError(`could not ${doing}: ${msg || status}`, { kind: "config", code: "cdn-refused", hint });
  }
  const hints: Partial<Record<string, string>> = {
    "permission-denied": "give the token the scopes purge_select and purge_all, for this service",
    "cdn-not-found": "see `serviceId`, and whether the token is for that service",
  };
  const { kind, code, message } = error;
  const hint = hints[code] ?? error.hint;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }) });
}
