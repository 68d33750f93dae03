import { z } from "zod";
import type { Cdn } from "../../cdns/cdn.ts";
import { type CdnSettings, cdnSettings, tagSettings } from "../../cdns/cdn-settings.ts";
import { cdnTypes } from "../../cdns/index.ts";
import { resolveSecrets } from "../../config/resolve-secrets.ts";
import type { SiteConfig } from "../../config/schema.ts";
import type { SiteAddresses } from "../../core/purge-plan.ts";
import type { PlanDeps } from "../job.ts";

/** A CDN of a site, ready to be used: it has its secrets, and nothing was asked over the network. */
export interface OpenedCdn {
  /** Its name in the configuration. */
  readonly name: string;
  readonly cdn: Cdn;
  readonly addresses: SiteAddresses;
  /** The targets of the site that it reads from. */
  readonly targets: readonly string[];
  readonly settings: Pick<CdnSettings, "tolerance" | "budget" | "wait" | "tags">;
}

/** The CDNs of a site. Disposing closes them. */
export interface OpenedCdns extends AsyncDisposable {
  readonly cdns: readonly OpenedCdn[];
}

// What all of them have; an adapter's own settings pass through.
const common = z.looseObject({ ...cdnSettings, ...tagSettings });

/**
 * Opens the CDNs of a site, or those of these names, before anything is touched: one that lacks a secret stops the run
 * ("secret-unavailable", kind config).
 */
export async function openCdns(site: string, deps: PlanDeps, only?: readonly string[]): Promise<OpenedCdns> {
  const settings = deps.config.sites[site];
  if (settings === undefined) throw new Error(`site ${site} was not checked`);
  await using open = new AsyncDisposableStack();
  const names = settings.cdns.filter((name) => only?.includes(name) ?? true);
  const cdns = await Promise.all(
    names.map(async (name) => {
      const opened = await openCdn(name, settings, deps);
      open.use(opened.cdn);
      return opened;
    }),
  );
  const all = open.move();
  return { cdns, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function openCdn(name: string, site: SiteConfig, { config, redactor }: PlanDeps): Promise<OpenedCdn> {
  const written = config.cdns[name];
  const type = cdnTypes.find((candidate) => candidate.type === written?.type);
  if (written === undefined || type === undefined) throw new Error(`CDN ${name} was not checked`);
  const sources = { dir: config.dir, redactor, env: process.env };
  const resolved = common.parse(await resolveSecrets(written, cdnTypes, sources));
  const baseUrls = resolved.baseUrls ?? (site.url === undefined ? [] : [withSlash(site.url)]);
  return {
    name,
    cdn: await type.open({ ...resolved, baseUrls }, { name, baseDir: config.dir }),
    addresses: { baseUrls, cleanUrls: site.cleanUrls },
    targets: resolved.targets ?? site.targets,
    settings: resolved,
  };
}

function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}
