import { z } from "zod";
import type { PurgeRules } from "../core/purge-rules.ts";
import { credentialsOf } from "./akamai/credentials.ts";
import { judgeAkamai, retryAfter } from "./akamai/judge-akamai.ts";
import { signEdgeGrid } from "./akamai/sign-edgegrid.ts";
import { spellObjects } from "./akamai/spell-objects.ts";
import { openApi } from "./api.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings, tagSettings } from "./cdn-settings.ts";
import { readJson } from "./read-json.ts";

const text = z.string().min(1);

const fields = z.strictObject({
  type: z.literal("akamai"),
  ...cdnSettings,
  ...tagSettings,
  network: z.enum(["production", "staging"]).default("production").describe("Which of Akamai's networks is purged."),
  method: z
    .enum(["invalidate", "delete"])
    .default("invalidate")
    .describe(
      "`invalidate` lets edges ask the origin whether it has changed; `delete` has them fetch it whole, which loads the origin.",
    ),
  cpCodes: z
    .array(z.int().positive())
    .min(1)
    .optional()
    .describe(
      "The CP codes that make up the site, for purging everything; without them only addresses and tags can be.",
    ),
  host: text
    .optional()
    .describe("The API client's host: akab-….luna.akamaiapis.net. Without it and its tokens, `edgerc` is read."),
  clientToken: text.optional().describe("The API client's client_token; name a secret."),
  clientSecret: text.optional().describe("The API client's client_secret; name a secret: ${env:AKAMAI_CLIENT_SECRET}."),
  accessToken: text.optional().describe("The API client's access_token; name a secret."),
  edgerc: text
    .optional()
    .describe("A file with credentials as Akamai's tools have it, relative to this file; ~/.edgerc when absent."),
  section: text.optional().describe('The section of that file; "default" when absent.'),
});

/** The settings of Akamai after parsing. */
export type AkamaiConfig = z.output<typeof fields>;

/** What zod calls an issue that is not its own. */
const OWN_ISSUE = "custom";
const KEYS = ["host", "clientToken", "clientSecret", "accessToken"] as const;

const schema = fields.superRefine((config, { addIssue }) => {
  const given = KEYS.filter((key) => config[key] !== undefined);
  const missing = given.length === 0 ? [] : KEYS.filter((key) => config[key] === undefined);
  for (const key of missing) {
    addIssue({ code: OWN_ISSUE, path: [key], message: `${given.join(", ")} without ${key}: all four belong together` });
  }
  for (const key of ["edgerc", "section"] as const) {
    if (config[key] === undefined || given.length === 0) continue;
    addIssue({ code: OWN_ISSUE, path: [key], message: `${key} and ${given[0]} exclude one another` });
  }
});

/** `{"objects":[]}`, and the quotes and comma of each object in it. */
const maxBytes = { request: 50_000, empty: 14, perItem: 3 };
const pace = { burst: 100, perSecond: 50 };

/**
 * Token buckets of the account, and 50 KB a request: https://techdocs.akamai.com/purge-cache/reference/rate-limiting.
 * Objects of one kind a request. How spellings of an address are matched is not documented; its case counts.
 */
function rulesOf({ cpCodes }: AkamaiConfig): PurgeRules {
  return {
    names: "addresses",
    kinds: {
      exact: { perRequest: 10_000, maxBytes, pace, itemPace: { burst: 10_000, perSecond: 200 } },
      tag: { perRequest: 5_000, maxBytes, pace, itemPace: { burst: 5_000, perSecond: 500 / 60 } },
      ...(cpCodes && { everything: { perRequest: 1, pace, itemPace: { burst: 300, perSecond: 0.5 } } }),
    },
    spelling: "as-requested",
  };
}

/** https://techdocs.akamai.com/purge-cache/reference/post-invalidate-url */
const answerShape = z.object({ purgeId: z.string().optional() });

/** Akamai, by the Fast Purge API v3, which tells nobody how far a purge is: https://techdocs.akamai.com/purge-cache/reference/api */
export const akamaiCdn = defineCdn({
  type: "akamai",
  schema,
  describe: ({ network }) => `Akamai's ${network} network`,
  async open(config, { name, baseDir }) {
    const credentials = await credentialsOf(config, baseDir);
    const api = openApi({ name });
    return {
      rules: rulesOf(config),
      async purge({ items }, ctx) {
        const { kind, objects } = spellObjects(items, config.cpCodes ?? []);
        const doing = `${config.method} ${objects.length} ${objects.length === 1 ? "object" : "objects"} at Akamai`;
        const url = new URL(`/ccu/v3/${config.method}/${kind}/${config.network}`, credentials.host);
        const body = Buffer.from(JSON.stringify({ objects }));
        const answer = await api.call(
          {
            doing,
            method: "POST",
            url,
            body,
            headers: (nowMs) => ({
              accept: "application/json",
              "content-type": "application/json",
              authorization: signEdgeGrid({ method: "POST", url, body }, credentials, nowMs),
            }),
            judge: (given) => judgeAkamai(given, doing),
            retryAfter,
          },
          ctx,
        );
        const { purgeId } = answerShape.safeParse(readJson(answer.body)).data ?? {};
        return purgeId === undefined ? {} : { id: purgeId };
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});
