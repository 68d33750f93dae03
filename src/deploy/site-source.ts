import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { SiteConfig } from "../config/schema.ts";
import type { Ctx } from "../core/context.ts";
import { compilePatterns } from "../core/patterns.ts";
import { takenAliases } from "../site/clean-urls.ts";
import { openSource } from "../site/open-source.ts";
import type { ServingRules } from "../site/serve-site.ts";
import type { ScanResult, Source } from "../site/source.ts";
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

/** How stores that answer visitors themselves serve the site: what `serveSite` is given. */
export function servingRulesOf({ headers, cleanUrls }: SiteConfig): ServingRules {
  return { headers, cleanUrls };
}

/** The test for pages, by the site's patterns; a page's clean URL is one as well. */
export function pageTest({ pages, cleanUrls }: SiteConfig): (path: string) => boolean {
  const isPage = compilePatterns(pages);
  if (cleanUrls === "none" || cleanUrls === "slash") return isPage;
  return (path) => isPage(path) || (!/\.[^/]*$/.test(path) && isPage(`${path}.html`));
}

/** Tells of pages whose clean URL gives visitors another file; only for targets that serve the site under clean URLs. */
export function warnOfTakenUrls({ cleanUrls }: SiteConfig, { snapshot }: ScanResult, ctx: Ctx): void {
  const [first, ...more] = takenAliases(snapshot.files, cleanUrls);
  if (first === undefined) return;
  const others = more.length === 0 ? "" : `, and ${more.length.toLocaleString("en")} more`;
  const message = `${first.page.path} has no clean URL: there is a file ${first.path} with other content${others}`;
  const hint = "visitors get that file there; rename one of the two, or leave it as it is";
  ctx.emit({ type: "warning", code: "clean-url-taken", message, hint });
}
