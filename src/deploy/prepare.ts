import type { Ctx } from "../core/context.ts";
import { diff } from "../core/diff.ts";
import type { Failure } from "../core/events.ts";
import { makePlan, type PlanPolicy } from "../core/make-plan.ts";
import { compilePatterns } from "../core/patterns.ts";
import type { Plan } from "../core/plan.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { ScanResult, Source } from "../site/source.ts";
import type { Target } from "../targets/target.ts";
import type { Job, PlanDeps } from "./job.ts";
import { type ManifestCache, type Observed, observe } from "./observe.ts";
import { type Access, type ReadyTarget, readyTarget } from "./open-target.ts";
import { openSiteSource } from "./site-source.ts";
import { toFailure } from "./to-failure.ts";

/** A target that was looked at, and what would be done to it. */
export interface PreparedTarget {
  readonly name: string;
  readonly target: Target;
  readonly observed: Observed;
  readonly cache: ManifestCache;
  readonly plan: Plan;
}

/** Everything known before the first write. Disposing closes the targets. */
export interface Prepared extends AsyncDisposable {
  readonly source: Source;
  readonly ready: readonly PreparedTarget[];
  /** Targets that could not be looked at, and why. */
  readonly failed: readonly { name: string; failure: Failure }[];
  /** The site is published on all of them as one, or on none. */
  readonly together: boolean;
}

/**
 * Scans the site once while every target is looked at, and plans each. A target that fails is set aside; a source or
 * a configuration that fails throws, and so does everything when the signal aborts.
 */
export async function prepare(job: Job, access: Access, deps: PlanDeps, ctx: Ctx): Promise<Prepared> {
  const targets = await Promise.all(pickTargets(job, deps).map((name) => readyTarget(name, deps)));
  const source = openSiteSource(job.site, deps);
  await using open = new AsyncDisposableStack();
  const scan = scanSite(source, ctx);
  const [scanned, ...looks] = await Promise.allSettled([
    scan,
    ...targets.map((target) => look(target, access, open, scan, ctx)),
  ]);
  ctx.signal.throwIfAborted();
  if (scanned.status === "rejected") throw scanned.reason;
  const ready: PreparedTarget[] = [];
  const failed: Prepared["failed"][number][] = [];
  looks.forEach((look, at) => {
    const name = targets[at]?.name ?? "";
    if (look.status === "rejected") failed.push({ name, failure: toFailure(look.reason, deps.redactor) });
    else ready.push({ name, ...look.value, plan: planTarget(job, name, look.value, source, scanned.value, deps) });
  });
  const together = deps.config.sites[job.site]?.publish === "together";
  if (together) checkAllStage(ready);
  if (ready.length > 0) warnOfNothing(job, scanned.value, ready, ctx);
  for (const { name, plan } of ready) ctx.emit({ type: "planned", target: name, plan });
  const opened = open.move();
  return { source, ready, failed, together, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function checkAllStage(ready: readonly PreparedTarget[]): void {
  const names = ready.filter(({ target }) => target.stage === undefined).map(({ name }) => name);
  if (names.length === 0) return;
  throw new SmartsyncError(`publish: together is not possible with ${names.join(", ")}: nothing can be staged there`, {
    kind: "config",
    code: "cannot-stage",
    hint: "nothing was touched; deliver those targets as a site of their own, or set `publish: ordered`",
  });
}

function pickTargets(job: Job, { config }: PlanDeps): readonly string[] {
  const known = config.sites[job.site]?.targets ?? [];
  const wanted = job.targets ?? known;
  const foreign = wanted.find((name) => !known.includes(name));
  if (foreign === undefined) return [...new Set(wanted)];
  throw new SmartsyncError(`the site "${job.site}" is not delivered to a target named "${foreign}"`, {
    kind: "config",
    code: "target-unknown",
    hint: `its targets are: ${known.join(", ")}`,
  });
}

async function scanSite(source: Source, ctx: Ctx): Promise<ScanResult> {
  const startedAt = ctx.clock.now();
  const scan = await source.scan(ctx);
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

async function look(to: ReadyTarget, access: Access, open: AsyncDisposableStack, scan: Promise<ScanResult>, ctx: Ctx) {
  const target = open.use(await to.open(access, ctx));
  const source = scan.then(({ snapshot }) => snapshot);
  // A first delivery never asks for it; that the scan failed is told by whoever waits for the scan.
  source.catch(() => undefined);
  const observed = await observe(target, to.manifests, ctx, source);
  const { snapshot, head, interrupted } = observed;
  ctx.emit({
    type: "observed",
    target: to.name,
    files: snapshot.files.size,
    state: snapshot.state,
    first: head === null,
    interrupted: interrupted?.intent.run ?? null,
  });
  return { target, observed, cache: to.manifests };
}

function planTarget(
  job: Job,
  name: string,
  { target, observed }: { target: Target; observed: Observed },
  source: Source,
  { snapshot, problems }: ScanResult,
  { config }: PlanDeps,
): Plan {
  const site = config.sites[job.site];
  if (site === undefined) throw new Error(`site ${job.site} was not checked`);
  const only = job.only === undefined || job.only.length === 0 ? {} : { only: compilePatterns(job.only) };
  const policy: PlanPolicy = {
    force: job.force ?? false,
    excluded: (path) => source.isExcluded(path),
    ...only,
    isPage: compilePatterns(site.pages),
    isProtected: compilePatterns(site.guard.protect),
    maxDeletePercent: site.guard.maxDelete,
    maxDeleteCount: site.guard.maxDeleteCount,
    maxShrinkPercent: site.guard.maxShrink,
    allow: new Set(job.allow),
  };
  const remote = observed.snapshot;
  return makePlan({
    site: job.site,
    target: name,
    local: snapshot,
    remote,
    changes: diff(snapshot, remote, policy),
    policy,
    names: target.caps.names,
    problems,
  });
}

/** A pattern that selects nothing is mistyped more often than not; without a word it would look like "up to date". */
function warnOfNothing({ only = [] }: Job, { snapshot }: ScanResult, ready: readonly PreparedTarget[], ctx: Ctx): void {
  const everywhere = [snapshot, ...ready.map(({ observed }) => observed.snapshot)];
  for (const pattern of only) {
    const matches = compilePatterns([pattern]);
    if (everywhere.some(({ files }) => files.keys().some(matches))) continue;
    const message = `--only ${pattern} matches no file, neither in the source nor on a target`;
    const hint = "`/news/` is the folder at the site's root, `index.html` every file of that name";
    ctx.emit({ type: "warning", code: "nothing-selected", message, hint });
  }
}
