import { z } from "zod";
import type { PurgeRules } from "../core/purge-rules.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings, tagSettings } from "./cdn-settings.ts";

const text = z.string().min(1);

const fields = z.strictObject({
  type: z.literal("cloudfront"),
  ...cdnSettings,
  ...tagSettings,
  distributionId: z
    .string()
    .regex(/^[A-Z0-9]+$/, "a distribution's id has capital letters and digits: E1ABCDEFGHIJKL")
    .describe("The distribution's id: E1ABCDEFGHIJKL."),
  accessKeyId: text
    .optional()
    .describe("A key's public half; without keys the usual places are searched, as the AWS CLI does."),
  secretAccessKey: text.optional().describe("Its secret half; name a secret: ${env:AWS_SECRET}."),
  sessionToken: text.optional().describe("What temporary keys come with; name a secret."),
  profile: text.optional().describe("The profile of ~/.aws/config and ~/.aws/credentials to use."),
  endpoint: z
    .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
    .optional()
    .describe("Where the API is, where it is not AWS's usual address."),
});

/** A distribution's settings after parsing. */
export type CloudFrontConfig = z.output<typeof fields>;

/** What zod calls an issue that is not its own. */
const OWN_ISSUE = "custom";

const schema = fields.superRefine(({ accessKeyId, secretAccessKey, sessionToken, profile }, { addIssue }) => {
  const wrong = (path: string, message: string) => addIssue({ code: OWN_ISSUE, path: [path], message });
  if (accessKeyId !== undefined && secretAccessKey === undefined) {
    wrong("secretAccessKey", "accessKeyId needs its secretAccessKey");
  }
  if (accessKeyId === undefined && secretAccessKey !== undefined) {
    wrong("accessKeyId", "secretAccessKey needs its accessKeyId");
  }
  if (accessKeyId === undefined && sessionToken !== undefined) {
    wrong("sessionToken", "sessionToken belongs to an accessKeyId");
  }
  if (accessKeyId !== undefined && profile !== undefined) {
    wrong("profile", "profile and accessKeyId exclude one another");
  }
});

/**
 * Under way at once: 3,000 files and, counted apart, 15 paths with a wildcard
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html). No limit is documented
 * for tags, so the lower one is kept to. Paths have at most 4,000 characters, are told apart by case, and count for
 * every host of the distribution; how spellings of a path are matched is not documented
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html). A path, a
 * wildcard and a tag cost the same
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html).
 */
const rules: PurgeRules = {
  names: "paths",
  kinds: {
    exact: { perRequest: 3000, atOnce: 3000 },
    directory: { perRequest: 15, atOnce: 15 },
    tag: { perRequest: 15, atOnce: 15 },
    everything: { perRequest: 1 },
  },
  mixes: true,
  spelling: "as-requested",
  maxPath: 4000,
  price: { usdPerItem: 0.005, freePerMonth: 1000 },
};

/** Amazon CloudFront: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html */
export const cloudFrontCdn = defineCdn({
  type: "cloudfront",
  schema,
  describe: ({ distributionId }) => `CloudFront distribution ${distributionId}`,
  async open(config, { name }) {
    const { openDistribution } = await import("./cloudfront/open-distribution.ts");
    return { rules, ...openDistribution(config, name) };
  },
});
