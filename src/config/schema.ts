import { z } from "zod";
import { cdnTypes } from "../cdns/index.ts";
import { GRACE_PATTERN, graceOf } from "../core/grace.ts";
import { targetTypes } from "../targets/index.ts";
import { checkSchema } from "./check-schema.ts";
import { headerRuleSchema } from "./header-rules.ts";

const patterns = z.array(z.string().min(1));

/** A share of a whole, written "25%"; a number of per cent after parsing. */
const percent = z
  .string({ error: 'must be a percentage such as "25%"' })
  .regex(/^(\d{1,2}|100)%$/, 'must be a percentage from "0%" to "100%"')
  .meta({ examples: ["25%"] })
  .transform((text) => Number.parseInt(text, 10));

const GRACE = 'must be a duration such as "7d", "12h" or "30m", or a number of deliveries such as "3 deliveries"';

/** How long something is kept, written "7d" or "3 deliveries". */
const grace = z
  .string({ error: GRACE })
  .regex(GRACE_PATTERN, GRACE)
  .meta({ examples: ["7d", "3 deliveries"] })
  .transform(graceOf);

const webAddress = z.url({ protocol: /^https?$/, error: "must be an address such as https://www.example.jp/" });

/** Limits that a plan must keep, or it is refused until a person overrides it. */
const guardSchema = z
  .strictObject({
    maxDelete: percent
      .prefault("25%")
      .describe("Refuse a delivery that deletes more than this share of a target's files."),
    maxDeleteCount: z.int().min(0).default(500).describe("Refuse a delivery that deletes more files than this."),
    maxShrink: percent.prefault("50%").describe("Refuse a source that holds this much fewer files than the target."),
    protect: patterns
      .default([])
      .describe("Patterns of paths that a delivery may neither replace nor delete once they are on a target."),
  })
  .prefault({})
  .describe("Limits a plan must keep; beyond them it is refused until a person overrides that, once, with `--allow`.");

const symlinksSchema = z
  .strictObject({
    outside: z
      .enum(["refuse", "skip"])
      .default("refuse")
      .describe("Links that lead out of the source: refuse the delivery, or leave them out."),
    broken: z
      .enum(["refuse", "skip"])
      .default("refuse")
      .describe("Links that lead nowhere: refuse the delivery, or leave them out."),
  })
  .prefault({})
  .describe("What becomes of symbolic links that can't be followed. Links inside the source are followed.");

/** One site: a directory the CMS publishes into, and where it goes. */
const siteSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe("The directory the CMS publishes into; a relative path starts at the configuration file's directory."),
  url: webAddress.optional().describe("The address visitors type."),
  cmsUrl: webAddress
    .optional()
    .describe("Absolute URLs that begin with this become root-relative in the delivered text files."),
  rewriteFiles: patterns
    .default(["**/*.{html,htm,xhtml,shtml,php,css,js,mjs,json,svg}"])
    .describe("The text files in which `cmsUrl` is rewritten."),
  include: patterns.default([]).describe("Deliver only what matches one of these patterns; everything when empty."),
  exclude: patterns
    .default([])
    .describe("Leave alone what matches one of these patterns: not read, not sent, not deleted on the target."),
  htaccess: z
    .boolean()
    .default(true)
    .describe("Deliver .htaccess and .htpasswd files; `false` leaves them alone on both sides."),
  symlinks: symlinksSchema,
  specialFiles: z
    .enum(["refuse", "skip"])
    .default("refuse")
    .describe("Sockets, pipes and devices in the source: refuse the delivery, or leave them out."),
  settle: z
    .number()
    .min(0)
    .max(3600)
    .default(0)
    .describe("Seconds the source must have been quiet before it is delivered; for a CMS that is still writing."),
  guard: guardSchema,
  pages: patterns
    .default(["**/*.{html,htm,xhtml,shtml,php,xml,rss,atom}"])
    .describe("What is sent after everything else, because it names the rest."),
  publish: z
    .enum(["ordered", "staged", "together"])
    .default("ordered")
    .describe(
      "`ordered`: each target for itself, every file as it is sent; assets, then pages, then deletions. `staged`: each target for itself, but everything is first laid beside the site and then published in one burst, in the same order; if that fails, it is put back. `together`: the same for all targets as one; they are published only when all are ready, and if one fails then, all are put back.",
    ),
  grace: grace
    .exactOptional()
    .describe(
      "How long style sheets, scripts, images and whatever is no page stay on the targets after they left the site: days, hours, minutes, or a number of deliveries. Absent, they are deleted at once. [state.md](state.md#grace) has more.",
    ),
  headers: z
    .array(headerRuleSchema)
    .default([])
    .describe(
      "How stores that answer visitors themselves serve the files, in order: all rules that match count, and the later wins. [headers.md](headers.md) has the defaults.",
    ),
  cleanUrls: z
    .enum(["none", "plain", "slash", "both"])
    .default("none")
    .describe(
      "Where such stores serve `about.html` as well: `plain` at `about`, `slash` at `about/` (as `about/index.html`), `both` at both.",
    ),
  targets: z.array(z.string()).min(1).describe("The names of the targets this site is delivered to."),
  cdns: z
    .array(z.string())
    .default([])
    .describe("The names of the CDNs in front of them: what a delivery changed is purged there."),
  check: checkSchema
    .exactOptional()
    .describe(
      "Look at the site as visitors do once its CDNs were purged; absent, nobody looks. [purge.md](purge.md#after-the-purge-check) tells how.",
    ),
});

/** What a site or a target may be called: letters of any script, digits, "-" and "_", beginning with a letter or digit. */
const name = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u,
    'a name holds letters (Japanese too), digits, "-" and "_", and begins with a letter or digit',
  );

type Discriminable = z.ZodType & z.core.$ZodTypeDiscriminable;

/** The settings of one thing, of whichever kind its `type` names: every kind in the registry, and no other. */
function unionOf(kinds: readonly { readonly schema: z.ZodType }[]) {
  const schemas = kinds.map(({ schema }) => schema as Discriminable);
  return z.discriminatedUnion("type", schemas as [Discriminable, ...Discriminable[]]);
}

/** The whole configuration file. */
export const configSchema = z.strictObject({
  sites: z
    .record(name, siteSchema)
    .refine((sites) => Object.keys(sites).length > 0, "must not be empty")
    .describe("The sites, each by a name of your choice."),
  targets: z.record(name, unionOf(targetTypes)).describe("The targets, each by a name of your choice."),
  cdns: z.record(name, unionOf(cdnTypes)).default({}).describe("The CDNs, each by a name of your choice."),
});

/** A site's settings after parsing: defaults filled in, percentages as numbers of per cent. */
export type SiteConfig = z.output<typeof siteSchema>;

/**
 * The settings of a target or a CDN as they were written: placeholders unresolved and defaults not filled in.
 * `resolveSecrets` makes of it what it is opened with.
 */
export interface TypedConfig {
  readonly type: string;
  readonly [key: string]: unknown;
}
