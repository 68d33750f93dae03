import type { SiteConfig } from "../config/schema.ts";
import { diff } from "../core/diff.ts";
import { makePlan, type PlanPolicy } from "../core/make-plan.ts";
import { compilePatterns } from "../core/patterns.ts";
import type { Plan } from "../core/plan.ts";
import type { ScanResult, Source } from "../site/source.ts";
import type { Job } from "./job.ts";
import type { OpenTarget } from "./look-at-target.ts";
import type { Observed } from "./observe.ts";
import { pageTest } from "./site-source.ts";

/**
 * Works out what a job would do to a target that was found like this, given this scan of what is delivered to it, at
 * this time: milliseconds since the epoch.
 */
export function planTarget(
  job: Job,
  site: SiteConfig,
  { name, target }: OpenTarget,
  { snapshot: remote, head }: Observed,
  source: Source,
  { snapshot: local, problems }: ScanResult,
  now: number,
): Plan {
  const only = job.only === undefined || job.only.length === 0 ? {} : { only: compilePatterns(job.only) };
  const policy: PlanPolicy = {
    force: job.force ?? false,
    excluded: (path) => source.isExcluded(path),
    ...only,
    isPage: pageTest(site),
    isProtected: compilePatterns(site.guard.protect),
    maxDeletePercent: site.guard.maxDelete,
    maxDeleteCount: site.guard.maxDeleteCount,
    maxShrinkPercent: site.guard.maxShrink,
    ...(site.grace && { grace: { ...site.grace, now, generation: (head?.generation ?? 0) + 1 } }),
    allow: new Set(job.allow),
  };
  return makePlan({
    site: job.site,
    target: name,
    local,
    remote,
    changes: diff(local, remote, policy),
    policy,
    names: target.caps.names,
    problems,
  });
}
