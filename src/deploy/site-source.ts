import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { openSource } from "../site/open-source.ts";
import type { Source } from "../site/source.ts";
import type { PlanDeps } from "./job.ts";

/** The source side of a site of the configuration, with its hashes remembered in the local state. */
export function openSiteSource(name: string, { config, state }: Pick<PlanDeps, "config" | "state">): Source {
  const site = config.sites[name];
  if (site === undefined) throw new Error(`site ${name} was not checked`);
  const rewrite =
    site.cmsUrl === undefined
      ? null
      : { cmsUrl: site.cmsUrl, files: site.rewriteFiles, ...(site.url === undefined ? {} : { url: site.url }) };
  const root = resolve(config.dir, site.source);
  const transform = createHash("sha256")
    .update(JSON.stringify([root, rewrite]))
    .digest("hex")
    .slice(0, 16);
  return openSource({
    root,
    include: site.include,
    exclude: site.exclude,
    htaccess: site.htaccess,
    symlinks: site.symlinks,
    specialFiles: site.specialFiles,
    settleSeconds: site.settle,
    rewrite,
    reserved: [config.file, join(config.dir, ".smartsync")],
    cache: state.hashes,
    cacheKey: `${name}:${transform}`,
  });
}
