import { z } from "zod";
import type { PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Answer } from "../lib/http-line.ts";
import { judgeStatus, openApi } from "./api.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings, tagSettings } from "./cdn-settings.ts";
import { encodeMarks } from "./encode-marks.ts";
import { readJson } from "./read-json.ts";

/**
 * An account may purge 120 addresses at once and 5 a second, and 20 and one in two seconds of those that end in a star
 * or a slash (https://docs.bunny.net/cdn/purge-cache#rate-limits). Up to half of a site's addresses end in a slash, so
 * exact ones have half of the latter's pace for them, and directories the rest of it. What tags and whole zones may is
 * not documented: as much as the latter.
 */
const RULES: PurgeRules = {
  names: "addresses",
  kinds: {
    exact: { perRequest: 1, pace: { burst: 30, perSecond: 0.8 } },
    directory: { perRequest: 1, pace: { burst: 5, perSecond: 0.1 } },
    tag: { perRequest: 1, pace: { burst: 20, perSecond: 0.5 } },
    everything: { perRequest: 1, pace: { burst: 20, perSecond: 0.5 } },
  },
  spelling: "as-requested",
};

const zoneShape = z.object({ Name: z.string(), Enabled: z.boolean().default(true) });
const errorShape = z.object({ Message: z.string().nullish() });

/** bunny.net: https://docs.bunny.net/api-reference/core/purge/purge-url and https://docs.bunny.net/api-reference/core/pull-zone/purge-cache */
export const bunnyCdn = defineCdn({
  type: "bunny",
  schema: z.strictObject({
    type: z.literal("bunny"),
    ...cdnSettings,
    ...tagSettings,
    accessKey: z.string().min(1).describe("The account's API key; not the password of a storage zone."),
    pullZoneId: z.int().min(1).describe("The pull zone's number, which its address in the dashboard ends with."),
    apiUrl: z
      .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
      .default("https://api.bunny.net")
      .describe("Where the API is."),
  }),
  describe: ({ pullZoneId }) => `bunny.net pull zone ${pullZoneId}`,
  async open({ accessKey, pullZoneId, apiUrl }, { name }) {
    const api = openApi({ name });
    const call = (doing: string, method: string, path: string, json?: object) => ({
      doing,
      method,
      url: new URL(path, apiUrl),
      headers: () => ({
        accesskey: accessKey,
        accept: "application/json",
        ...(json && { "content-type": "application/json" }),
      }),
      judge: (answer: Answer) => judge(answer, doing),
      ...(json && { body: Buffer.from(JSON.stringify(json)) }),
    });
    return {
      rules: RULES,
      async purge({ items }, ctx) {
        const [item, ...more] = items;
        if (item === undefined || more.length > 0) throw new Error("a request is of one item");
        const doing = `purge ${nameOf(item)} of pull zone ${pullZoneId}`;
        const zone = `/pullzone/${pullZoneId}/purgeCache`;
        if (item.kind === "everything") await api.call(call(doing, "POST", zone), ctx);
        else if (item.kind === "tag") await api.call(call(doing, "POST", zone, { CacheTag: item.tag }), ctx);
        else await api.call(call(doing, "POST", `/purge?${queryOf(item)}`), ctx);
        return {};
      },
      async examine(ctx) {
        const doing = `look at pull zone ${pullZoneId}`;
        const answer = await api.call(call(doing, "GET", `/pullzone/${pullZoneId}`), ctx);
        const read = zoneShape.safeParse(readJson(answer.body));
        if (!read.success) throw unclear(doing);
        return [`pull zone ${read.data.Name}, ${read.data.Enabled ? "enabled" : "disabled"}`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

function nameOf(item: PurgeItem): string {
  if (item.kind === "everything") return "everything";
  return item.kind === "tag" ? `the tag ${item.tag}` : addressOf(item);
}

/** A star of a name's own would be a wildcard. */
function addressOf({ kind, origin = "", path }: Extract<PurgeItem, { path: string }>): string {
  return `${origin}${encodeMarks(path, /\*/g)}${kind === "directory" ? "*" : ""}`;
}

/** `async=false` answers when it is done; `exactPath` keeps a slash at the end from meaning all that is below it. */
function queryOf(item: Extract<PurgeItem, { path: string }>): URLSearchParams {
  const exactPath = item.kind === "exact" && item.path.endsWith("/");
  return new URLSearchParams({ url: addressOf(item), async: "false", ...(exactPath && { exactPath: "true" }) });
}

function judge(answer: Answer, doing: string): SmartsyncError | undefined {
  const said = errorShape.safeParse(readJson(answer.body)).data?.Message ?? "";
  const error = judgeStatus(answer, doing, said);
  if (error === undefined) return undefined;
  const hints: Partial<Record<string, string>> = {
    "credentials-wrong": "see `accessKey`: the account's API key, which the dashboard shows under Account, API key",
    "permission-denied":
      "see whether the key is the account's, and the pull zone and its host names are of that account",
    "cdn-not-found": "see `pullZoneId`, and whether the pull zone is of the account that the key belongs to",
    "cdn-refused": "see whether the host names of `baseUrls` are those of the pull zone",
  };
  const { kind, code, message } = error;
  const hint = hints[code] ?? error.hint;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }) });
}

function unclear(doing: string): SmartsyncError {
  return new SmartsyncError(`could not ${doing}: the answer is none of bunny.net's`, {
    kind: "config",
    code: "cdn-unclear",
    hint: "see `apiUrl`, and whether a proxy answers for it",
  });
}
