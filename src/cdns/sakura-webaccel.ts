import { z } from "zod";
import type { Ctx } from "../core/context.ts";
import type { PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import type { Answer } from "../lib/http-line.ts";
import { openApi } from "./api.ts";
import { defineCdn, type PurgeReceipt } from "./cdn.ts";
import { cdnSettings } from "./cdn-settings.ts";
import { readJson } from "./read-json.ts";
import { judgeSakura, unclear, unknownSite } from "./sakura/judge-sakura.ts";

/**
 * No more than 500 calls an hour, whatever they are for (https://manual.sakura.ad.jp/cloud/webaccel/api.html): what may
 * be done at once and what comes back in an hour make 500 together. 100 addresses a call are what Sakura's own plugin
 * for WordPress sends; it also names each address with both cases of its hexadecimal digits.
 */
const RULES: PurgeRules = {
  names: "addresses",
  kinds: {
    exact: { perRequest: 100, pace: { burst: 100, perSecond: 390 / 3_600 } },
    everything: { perRequest: 1, pace: { burst: 5, perSecond: 5 / 3_600 } },
  },
  spelling: "as-requested",
};

const resultsShape = z.object({
  Results: z.array(z.object({ URL: z.string(), Status: z.number(), Result: z.string().default("") })),
});
type Results = z.output<typeof resultsShape>["Results"];

const sitesShape = z.object({
  Sites: z
    .array(z.object({ Name: z.string(), Domain: z.string(), Subdomain: z.string().default(""), Status: z.string() }))
    .default([]),
});

/** Sakura Internet's Web Accelerator: https://manual.sakura.ad.jp/cloud/webaccel/api.html */
export const sakuraWebaccelCdn = defineCdn({
  type: "sakura-webaccel",
  schema: z.strictObject({
    type: z.literal("sakura-webaccel"),
    ...cdnSettings,
    apiToken: z.string().min(1).describe("The API key's access token."),
    apiSecret: z.string().min(1).describe("The API key's access token secret."),
    domain: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The site's domain as the control panel shows it, to drop everything; the host names of the base addresses when absent.",
      ),
    apiUrl: z
      .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
      .transform((text) => text.replace(/\/+$/, ""))
      // Web Accelerator is always asked for in this zone, wherever the servers are.
      .default("https://secure.sakura.ad.jp/cloud/zone/is1a/api/webaccel/1.0")
      .describe("Where the API is."),
  }),
  describe: ({ domain, baseUrls }) => `Sakura Web Accelerator ${domainsOf(domain, baseUrls).join(", ")}`.trim(),
  async open({ baseUrls, apiToken, apiSecret, domain, apiUrl }, { name }) {
    const api = openApi({ name });
    const authorization = `Basic ${Buffer.from(`${apiToken}:${apiSecret}`).toString("base64")}`;
    const domains = domainsOf(domain, baseUrls);

    function call(doing: string, path: string, ctx: Ctx, json?: object): Promise<Answer> {
      return api.call(
        {
          doing,
          method: json === undefined ? "GET" : "POST",
          url: new URL(`${apiUrl}/${path}`),
          headers: () => ({ authorization, accept: "application/json", "content-type": "application/json" }),
          judge: (answer) => judgeSakura(answer, doing),
          ...(json && { body: Buffer.from(JSON.stringify(json)) }),
        },
        ctx,
      );
    }

    return {
      rules: RULES,
      async purge({ items }, ctx): Promise<PurgeReceipt> {
        if (items[0]?.kind === "everything") {
          for (const each of domains) {
            await call(`delete everything of ${each}`, "deleteallcache", ctx, { Site: { Domain: each } });
          }
          return {};
        }
        const doing = `delete ${items.length} ${items.length === 1 ? "address" : "addresses"}`;
        const answer = await call(doing, "deletecache", ctx, { URL: items.map(addressOf) });
        const read = resultsShape.safeParse(readJson(answer.body));
        if (!read.success) throw unclear(doing);
        const refused = refusedOf(items, read.data.Results);
        return refused.length === 0 ? {} : { refused };
      },
      async examine(ctx) {
        const doing = "look at the sites";
        const read = sitesShape.safeParse(readJson((await call(doing, "site", ctx)).body));
        if (!read.success) throw unclear(doing);
        return domains.map((each) => {
          const site = read.data.Sites.find(({ Domain, Subdomain }) => Domain === each || Subdomain === each);
          if (site === undefined) throw unknownSite(each);
          return `site ${site.Name} (${each}), ${site.Status}`;
        });
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

function domainsOf(domain: string | undefined, baseUrls: readonly string[] = []): string[] {
  if (domain !== undefined) return [domain];
  return [...new Set(baseUrls.map((address) => new URL(address).hostname))];
}

function addressOf(item: PurgeItem): string {
  if (item.kind !== "exact") throw new Error("addresses and everything are not asked for together");
  return `${item.origin ?? ""}${item.path}`;
}

/** What was not taken. 404 stands for an address that is not cached, which is as well. */
function refusedOf(items: readonly PurgeItem[], results: Results): NonNullable<PurgeReceipt["refused"]> {
  const byAddress = new Map(results.map((result) => [result.URL, result]));
  // An address may come back spelt in another way.
  const inOrder = results.length === items.length ? results : [];
  return items.flatMap((item, at) => {
    const result = byAddress.get(addressOf(item)) ?? inOrder[at];
    if (result === undefined) return [{ item, why: "the answer says nothing of it" }];
    const { Status, Result } = result;
    return Status === 404 || (Status >= 200 && Status < 300) ? [] : [{ item, why: `${Result} (${Status})` }];
  });
}
