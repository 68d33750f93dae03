import type { LoadedConfig } from "../config/load-config.ts";
import { pickSite } from "../config/pick-site.ts";
import { SmartsyncError } from "../lib/errors.ts";

/** A target of a site. */
export interface SiteTarget {
  readonly site: string;
  readonly target: string;
}

/**
 * The targets a command is about: of one site, or of all when none is named; all of them, or those named.
 * Throws "site-unknown" or "target-unknown".
 */
export function pickTargets(
  config: LoadedConfig,
  site: string | undefined,
  targets: readonly string[] | undefined,
): SiteTarget[] {
  const sites = site === undefined ? Object.keys(config.sites) : [pickSite(config, site).name];
  const all = sites.flatMap((name) => (config.sites[name]?.targets ?? []).map((target) => ({ site: name, target })));
  const foreign = targets?.find((name) => !all.some(({ target }) => target === name));
  if (foreign === undefined) return all.filter(({ target }) => targets?.includes(target) ?? true);
  throw new SmartsyncError(`no target here is named "${foreign}"`, {
    kind: "config",
    code: "target-unknown",
    hint: `targets: ${[...new Set(all.map(({ target }) => target))].join(", ")}`,
  });
}
