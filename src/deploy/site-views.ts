import type { SiteConfig } from "../config/schema.ts";
import type { Ctx } from "../core/context.ts";
import { fitHeapTo } from "../lib/heap-growth.ts";
import { serveSite } from "../site/serve-site.ts";
import type { ScanResult, Source } from "../site/source.ts";
import type { TargetCaps } from "../targets/target.ts";
import { servingRulesOf, warnOfTakenUrls } from "./site-source.ts";

/** A site as a kind of target is given it, and what the scan found of that. */
export interface SiteView {
  readonly source: Source;
  readonly scan: Promise<ScanResult>;
}

/** The views of a site, with one scan for all of them. */
export interface SiteViews {
  /** The site as it lies on disk. */
  readonly plain: SiteView;
  /** The view for a target: targets that answer visitors themselves are given every file's headers. */
  for(caps: TargetCaps): SiteView;
}

/** Scans a site; the view for targets that answer visitors is made when the first of them asks. */
export function viewSite(source: Source, site: SiteConfig, ctx: Ctx): SiteViews {
  const plain = viewOf(source, scanSite(source, ctx));
  let served: SiteView | undefined;
  function serve(): SiteView {
    const servedSite = serveSite(source, servingRulesOf(site));
    const view = async (): Promise<ScanResult> => {
      const scan = await plain.scan;
      warnOfTakenUrls(site, scan, ctx);
      return servedSite.view(scan);
    };
    return viewOf(servedSite.source, view());
  }
  return {
    plain,
    for(caps) {
      if (!caps.servesVisitors) return plain;
      served ??= serve();
      return served;
    },
  };
}

function viewOf(source: Source, scan: Promise<ScanResult>): SiteView {
  // Some never ask for it; that the scan failed is told by whoever waits for it.
  scan.catch(() => undefined);
  return { source, scan };
}

async function scanSite(source: Source, ctx: Ctx): Promise<ScanResult> {
  const startedAt = ctx.clock.now();
  const scan = await source.scan(ctx);
  fitHeapTo(scan.snapshot.files.size);
  let bytes = 0;
  for (const { size } of scan.snapshot.files.values()) bytes += size;
  ctx.emit({
    type: "scanned",
    files: scan.snapshot.files.size,
    bytes,
    hashed: scan.hashed,
    skipped: scan.problems.length,
    seconds: (ctx.clock.now() - startedAt) / 1000,
  });
  return scan;
}
