import { z } from "zod";
import { cdnSettings, tagSettings } from "../cdn-settings.ts";

/** What both of Google's CDNs are configured with, to be spread into their schemas. */
export const googleSettings = {
  ...cdnSettings,
  ...tagSettings,
  project: z.string().min(1).describe("The project's id."),
  host: z
    .string()
    .regex(/^[^*/:\s]+$/, "must be a host name")
    .optional()
    .describe("The host name that Google is asked for, where another proxy in front of it changes it."),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A service account's key or the configuration of a workload identity, relative to this file; the application default credentials when absent.",
    ),
};

/** The address of an API, without slashes at its end. */
export function apiUrl(usual: string) {
  return z
    .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
    .transform((text) => text.replace(/\/+$/, ""))
    .default(usual)
    .describe("Where the API is; a sovereign cloud has its own.");
}
