import { z } from "zod";
import type { Ctx } from "../core/context.ts";
import type { PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { openCdnApi } from "./alibaba/open-cdn-api.ts";
import { spellRefresh } from "./alibaba/spell-refresh.ts";
import { defineCdn, type PurgeReceipt } from "./cdn.ts";
import { cdnSettings } from "./cdn-settings.ts";

const URLS_A_DAY = 10_000;
const DIRECTORIES_A_DAY = 100;
/** Documented for the same call of DCDN: https://www.alibabacloud.com/help/en/dcdn/developer-reference/api-dcdn-2018-01-15-refresherobjectcaches */
const LONGEST_ADDRESS = 1_024;

const refreshShape = z.object({ RefreshTaskId: z.string().min(1) });
const number = z.coerce.number();
/** https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describerefreshquota: numbers as texts. */
const quotaShape = z.object({ UrlQuota: number, UrlRemain: number, DirQuota: number, DirRemain: number });
/** https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describerefreshtaskbyid */
const tasksShape = z.object({
  Tasks: z.array(z.object({ Status: z.string(), ObjectPath: z.string(), Description: z.string().default("") })),
});
const TASKS_AT_ONCE = 10;

/** Alibaba Cloud CDN: https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-refreshobjectcaches */
export const alibabaCdn = defineCdn({
  type: "alibaba-cdn",
  schema: z.strictObject({
    type: z.literal("alibaba-cdn"),
    ...cdnSettings,
    accessKeyId: z.string().min(1).describe("The access key's ID, of a RAM user."),
    accessKeySecret: z.string().min(1).describe("Its secret."),
    securityToken: z.string().min(1).optional().describe("The token of temporary credentials."),
    apiUrl: z
      .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
      .default("https://cdn.aliyuncs.com")
      .describe("Where the API is; `https://cdn.ap-southeast-1.aliyuncs.com` is nearer outside mainland China."),
  }),
  describe: ({ accessKeyId }) => `Alibaba Cloud CDN as ${accessKeyId}`,
  async open({ baseUrls = [], accessKeyId, accessKeySecret, securityToken, apiUrl }, { name }) {
    const key = { id: accessKeyId, secret: accessKeySecret, ...(securityToken && { securityToken }) };
    const api = openCdnApi(name, apiUrl, key);

    async function refresh(items: readonly PurgeItem[], ctx: Ctx): Promise<PurgeReceipt> {
      const doing = `refresh ${items.length} ${items.length === 1 ? "item" : "items"}`;
      const form = spellRefresh(items, baseUrls);
      const { RefreshTaskId } = await api.call(
        { doing, action: "RefreshObjectCaches", form, shape: refreshShape },
        ctx,
      );
      return { id: RefreshTaskId };
    }

    function askQuota(ctx: Ctx): Promise<z.output<typeof quotaShape>> {
      const doing = "see how much may still be refreshed today";
      return api.call({ doing, action: "DescribeRefreshQuota", shape: quotaShape }, ctx);
    }

    return {
      rules: rulesOf(baseUrls),
      async purge({ items }, ctx) {
        try {
          return await refresh(items, ctx);
        } catch (error) {
          // A call that is larger than what is left is refused as a whole.
          if (!(error instanceof SmartsyncError) || error.code !== "purge-quota") throw error;
          const { UrlRemain, DirRemain } = await askQuota(ctx);
          const left = items[0]?.kind === "exact" ? UrlRemain : items[0]?.kind === "directory" ? DirRemain : 0;
          if (left === 0 || left >= items.length) throw error;
          const refused = items.slice(left).map((item) => ({ item, why: "the day's quota is spent" }));
          return { ...(await refresh(items.slice(0, left), ctx)), refused };
        }
      },
      async quota(ctx) {
        const { UrlRemain, DirRemain } = await askQuota(ctx);
        return { exact: UrlRemain, directory: DirRemain, everything: timesEverything(DirRemain, baseUrls) };
      },
      async isThrough({ id = "" }, ctx) {
        const ids = id.split(",").filter((each) => each !== "");
        for (let at = 0; at < ids.length; at += TASKS_AT_ONCE) {
          const query = { TaskId: ids.slice(at, at + TASKS_AT_ONCE).join(",") };
          const doing = `see how far ${query.TaskId} is`;
          const action = "DescribeRefreshTaskById";
          const { Tasks } = await api.call({ doing, action, query, shape: tasksShape }, ctx);
          if (!areComplete(Tasks)) return false;
        }
        return true;
      },
      async examine(ctx) {
        const { UrlQuota, UrlRemain, DirQuota, DirRemain } = await askQuota(ctx);
        return [`${UrlRemain} of ${UrlQuota} addresses and ${DirRemain} of ${DirQuota} directories are left today`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

/**
 * 1,000 addresses or 100 directories a call; 10,000 and 100 a day, unless the account has more; 50 calls a second, and
 * 10,000 addresses a minute: at most half of either at once, since a bucket refills meanwhile. How addresses are made
 * normal is not documented.
 */
function rulesOf(baseUrls: readonly string[]): PurgeRules {
  const pace = { burst: 25, perSecond: 25 };
  const perDay = timesEverything(DIRECTORIES_A_DAY, baseUrls);
  return {
    names: "addresses",
    kinds: {
      exact: { perRequest: 1_000, perDay: URLS_A_DAY, pace, itemPace: { burst: 5_000, perSecond: 5_000 / 60 } },
      directory: { perRequest: 100, perDay: DIRECTORIES_A_DAY, pace },
      ...(perDay > 0 && { everything: { perRequest: 1, perDay, pace } }),
    },
    spelling: "as-requested",
    maxPath: LONGEST_ADDRESS - Math.max(0, ...baseUrls.map((address) => new URL(address).origin.length)),
  };
}

/** There is no such thing as everything: it is the directory of each root, and takes as many of the directories. */
function timesEverything(directories: number, baseUrls: readonly string[]): number {
  return baseUrls.length === 0 ? 0 : Math.floor(directories / baseUrls.length);
}

/** One that failed is "purge-failed". */
function areComplete(tasks: z.output<typeof tasksShape>["Tasks"]): boolean {
  const failed = tasks.find(({ Status }) => Status === "Failed");
  if (failed === undefined) return tasks.length > 0 && tasks.every(({ Status }) => Status === "Complete");
  throw new SmartsyncError(
    `the refresh of ${failed.ObjectPath} failed: ${failed.Description || "no reason was given"}`,
    {
      kind: "refused",
      code: "purge-failed",
      hint: "purge again; when it stays so, see the CDN console's list of refresh tasks",
    },
  );
}
