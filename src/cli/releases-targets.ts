import type { LoadedConfig } from "../config/load-config.ts";
import { noReleases } from "../deploy/find-release.ts";
import { pickTargets, type SiteTarget } from "./pick-targets.ts";

/**
 * The targets that a command about releases is about: of one site, or of all when none is named; those that keep
 * releases, or those named. Throws "no-releases" where there is none, or one that is named keeps none.
 */
export function releasesTargets(
  config: LoadedConfig,
  site: string | undefined,
  named: readonly string[] | undefined,
): SiteTarget[] {
  const picked = pickTargets(config, site, named);
  const keeping = picked.filter(({ target }) => config.targets[target]?.releases === true);
  const without = picked.filter((each) => !keeping.includes(each)).map(({ target }) => target);
  if (keeping.length === 0 || (named !== undefined && without.length > 0)) throw noReleases(...new Set(without));
  return keeping;
}
