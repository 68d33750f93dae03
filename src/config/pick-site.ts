import { SmartsyncError } from "../lib/errors.ts";
import type { LoadedConfig } from "./load-config.ts";
import { suggest } from "./nearest.ts";
import type { SiteConfig } from "./schema.ts";

/**
 * The site that is meant, by its name; with one site the name may be left out. A name typed in another Unicode
 * normalisation than the file's (macOS) is still that name. Throws "site-unknown" or "site-unnamed".
 */
export function pickSite(
  config: Pick<LoadedConfig, "sites">,
  wanted: string | undefined,
): { name: string; site: SiteConfig } {
  const names = Object.keys(config.sites);
  const name = wanted === undefined ? only(names) : names.find((each) => each.normalize() === wanted.normalize());
  const site = name === undefined ? undefined : config.sites[name];
  if (name !== undefined && site !== undefined) return { name, site };
  throw wanted === undefined
    ? new SmartsyncError("the configuration has several sites; name one", {
        kind: "config",
        code: "site-unnamed",
        hint: `sites: ${names.join(", ")}`,
      })
    : new SmartsyncError(`no site is named "${wanted}"; ${suggest(wanted, names)}`, {
        kind: "config",
        code: "site-unknown",
        hint: `sites: ${names.join(", ")}`,
      });
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
