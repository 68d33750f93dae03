import { z } from "zod";

const WITHIN = 'must be a duration such as "90s" or "5m", two hours at most';
const UNIT_SECONDS = { s: 1, m: 60, h: 3600 };
const LONGEST_SECONDS = 7200;

/** How long something may take, written "90s" or "5m"; seconds after parsing. */
const duration = z
  .string({ error: WITHIN })
  .regex(/^[1-9]\d{0,3}[smh]$/, WITHIN)
  .meta({ examples: ["2m", "90s"] })
  .transform((text) => Number.parseInt(text, 10) * UNIT_SECONDS[text.slice(-1) as keyof typeof UNIT_SECONDS])
  .refine((seconds) => seconds <= LONGEST_SECONDS, WITHIN);

const address = z
  .string()
  .regex(/^(?:\/|https?:\/\/)/, 'must begin with "/", "https://" or "http://"')
  .refine((text) => text.startsWith("/") || URL.canParse(text), "must be an address such as https://www.example.jp/");

const origin = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://origin.example.jp/ or http://10.0.0.5/" })
  .refine((text) => !/[?#@]/.test(text), "must not hold a user, a query or a fragment");

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^|~-]+$/, "must be the name of a header, such as cache-control")
  .transform((name) => name.toLowerCase());

const host = z
  .string()
  .regex(/^(?:[a-z\d._-]+|\[[a-f\d:.]+\])(?::\d{1,5})?$/i, "must be a host such as www.example.jp, in ASCII");

/** How a site is looked at after its CDNs were purged. */
export const checkSchema = z
  .strictObject({
    urls: z
      .array(address)
      .default([])
      .describe(
        "Addresses that are always looked at: paths as the files are named (`/採用/`), or whole addresses, percent-encoded.",
      ),
    sample: z
      .int()
      .min(0)
      .max(1000)
      .default(10)
      .describe("How many of the changed files are looked at besides: pages first, spread over the folders."),
    within: duration.prefault("2m").describe("How long visitors may be given something else, after the purge."),
    compare: z
      .enum(["content", "status"])
      .default("content")
      .describe(
        "`content`: what comes must be what was delivered, byte for byte. `status`: only that the page is there; for a CDN or a server that changes content (minifies, injects, includes).",
      ),
    headers: z
      .array(headerName)
      .prefault([])
      .describe("Headers that the CDN must give as the server behind it does; needs `origin`."),
    origin: origin
      .exactOptional()
      .describe("The address of the server behind the CDN: it is looked at too, and told apart."),
    originHost: host
      .exactOptional()
      .describe("The host it is asked for, and that its certificate is for; the visitors' when absent."),
    onFailure: z
      .enum(["warn", "purge", "rollback"])
      .default("warn")
      .describe(
        "What is done when visitors are given something else in the end: `warn`, `purge` once more and look again, or `rollback` targets that keep releases.",
      ),
    privateNetworks: z
      .boolean()
      .default(false)
      .describe("Look at addresses of this machine or of a private network too."),
  })
  .refine(({ headers, origin }) => headers.length === 0 || origin !== undefined, {
    path: ["headers"],
    error: "what the CDN gives is compared with what the server behind it gives: set `origin`",
  })
  .refine(({ originHost, origin }) => originHost === undefined || origin !== undefined, {
    path: ["originHost"],
    error: "is for a server behind the CDN: set `origin`",
  });

/** How a site is looked at, after parsing: `within` in seconds, names of headers in lower case. */
export type CheckSettings = z.output<typeof checkSchema>;
