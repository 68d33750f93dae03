import { z } from "zod";

const webAddress = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://www.example.jp/" })
  .transform((text) => (text.endsWith("/") ? text : `${text}/`));

/** The settings that every CDN has, to be spread into its schema. */
export const cdnSettings = {
  baseUrls: z
    .array(webAddress)
    .min(1)
    .optional()
    .describe("The addresses of the site's root that visitors use; the site's `url` when absent."),
  targets: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "The site's targets that this CDN reads from: it is purged once the last of them is published. All when absent.",
    ),
  tolerance: z
    .strictObject({
      seconds: z
        .number()
        .min(0)
        .default(30)
        .describe("How much longer than the quickest purge another may take, by the provider's documented rates."),
      usd: z.number().min(0).default(0).describe("How much dearer than the cheapest it may be, in USD."),
    })
    .prefault({})
    .describe("What it may cost that as little as possible is dropped which has not changed."),
  budget: z
    .strictObject({
      usd: z.number().min(0).describe("What purges may cost in a month (UTC), in USD."),
      over: z
        .enum(["wait", "everything", "skip"])
        .default("everything")
        .describe(
          "What is done when a purge would cost more: `wait` until the next month, drop `everything` in one item, or `skip` the purge.",
        ),
    })
    .optional()
    .describe("A limit for what purges cost, where the provider takes money for them."),
  wait: z
    .number()
    .min(0)
    .max(7200)
    .default(0)
    .describe("Seconds to wait at most until the provider says that every edge has dropped it; 0 does not wait."),
};

/** A setting more of CDNs that have tags, to be spread into their schemas beside it. */
export const tagSettings = {
  tags: z
    .array(
      z.strictObject({
        tag: z
          .string()
          .regex(/^[\x21-\x2b\x2d-\x7e]{1,128}$/, "letters, digits and marks without spaces and commas, 128 at most")
          .describe("The tag, as the origin sends it in its header."),
        match: z
          .string()
          .min(1)
          .describe(
            "The files that are sent with it: a pattern as in `include`, from the site's root when it begins with `/`.",
          ),
      }),
    )
    .default([])
    .describe(
      "Tags (surrogate keys) that the origin already sends with files. Where most of a tag's files have changed, it is dropped instead of each of them.",
    ),
};

/** What every CDN's settings hold after parsing; tags only where the CDN has them. */
export type CdnSettings = z.output<z.ZodObject<typeof cdnSettings>> &
  Partial<z.output<z.ZodObject<typeof tagSettings>>>;
