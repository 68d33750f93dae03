import type { SiteConfig } from "../config/schema.ts";
import type { Ctx } from "../core/context.ts";
import type { Failure } from "../core/events.ts";
import { compilePatterns } from "../core/patterns.ts";
import type { Plan } from "../core/plan.ts";
import type { RemoteSnapshot, Snapshot } from "../core/snapshot.ts";
import { atOnce } from "../lib/at-once.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Source } from "../site/source.ts";
import type { Job, PlanDeps } from "./job.ts";
import { lookAtTarget, type OpenTarget } from "./look-at-target.ts";
import type { Observed } from "./observe.ts";
import { type Access, type ReadyTarget, readyTarget } from "./open-target.ts";
import { planTarget } from "./plan-target.ts";
import { type OpenedCdn, openCdns } from "./purge/open-cdns.ts";
import { type FoundNote, readPurgeNotes } from "./purge/purge-notes.ts";
import { openSiteSource } from "./site-source.ts";
import { type SiteViews, viewSite } from "./site-views.ts";
import { toFailure } from "./to-failure.ts";

/** A target that was looked at, and what would be done to it. */
export interface PlannedTarget extends OpenTarget {
  readonly observed: Observed;
  readonly plan: Plan;
  /** The note of what CDNs will have to drop, to be written before the first change; absent where there are none. */
  readonly owes?: { readonly record: string; readonly content: Uint8Array };
}

/** A target, the plan that makes it what the site is, and the site as the target is given it. */
export interface PreparedTarget extends PlannedTarget {
  readonly source: Source;
  /** What earlier runs owe CDNs, by their notes there; none where the site has no CDNs. */
  readonly notes: readonly FoundNote[];
}

/** Everything known before the first write. Disposing closes the targets and the CDNs. */
export interface Prepared extends AsyncDisposable {
  readonly ready: readonly PreparedTarget[];
  /** Targets that could not be looked at, and why. */
  readonly failed: readonly { name: string; failure: Failure }[];
  /** The site's. */
  readonly settings: SiteConfig;
  readonly cdns: readonly OpenedCdn[];
  /** The site as it lies on disk. */
  readonly snapshot: Snapshot;
}

/**
 * Scans the site once while every target is looked at, and plans each. A target that fails is set aside; a source or
 * a configuration that fails throws, and so does everything when the signal aborts.
 */
export async function prepare(job: Job, access: Access, deps: PlanDeps, ctx: Ctx): Promise<Prepared> {
  const site = deps.config.sites[job.site];
  if (site === undefined) throw new Error(`site ${job.site} was not checked`);
  const targets = await Promise.all(pickTargets(job, site).map((name) => readyTarget(name, deps)));
  await using open = new AsyncDisposableStack();
  const { cdns } = open.use(await openCdns(job.site, deps));
  const views = viewSite(openSiteSource(job.site, deps), site, ctx);
  const readNotes = cdns.length > 0;
  const [scanned, ...looks] = await Promise.allSettled([
    views.plain.scan,
    ...targets.map((target) => look(target, { access, readNotes }, open, views, ctx)),
  ]);
  ctx.signal.throwIfAborted();
  if (scanned.status === "rejected") throw scanned.reason;
  const ready: PreparedTarget[] = [];
  const failed: Prepared["failed"][number][] = [];
  const seen: (Snapshot | RemoteSnapshot)[] = [scanned.value.snapshot];
  looks.forEach((look, at) => {
    if (look.status === "rejected") {
      failed.push({ name: targets[at]?.name ?? "", failure: toFailure(look.reason, deps.redactor) });
      return;
    }
    const { opened, observed, source, scan, notes } = look.value;
    seen.push(scan.snapshot, observed.snapshot);
    const plan = planTarget(job, site, opened, observed, source, scan, ctx.clock.now());
    ready.push({ ...opened, observed, source, plan, notes });
  });
  if (site.publish !== "ordered") checkAllStage(site.publish, ready);
  if (ready.length > 0) warnOfNothing(job, seen, ctx);
  for (const { name, plan } of ready) ctx.emit({ type: "planned", target: name, plan });
  const opened = open.move();
  const { snapshot } = scanned.value;
  return { ready, failed, settings: site, cdns, snapshot, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

interface Look {
  readonly access: Access;
  readonly readNotes: boolean;
}

async function look(
  to: ReadyTarget,
  { access, readNotes }: Look,
  open: AsyncDisposableStack,
  views: SiteViews,
  ctx: Ctx,
) {
  const target = open.use(await to.open(access, ctx));
  const opened: OpenTarget = { name: to.name, target, cache: to.manifests };
  const view = views.for(target.caps);
  let notes: FoundNote[] = [];
  const observed = await atOnce(
    ctx.signal,
    (signal) => lookAtTarget(opened, view, { ...ctx, signal }),
    async (signal) => {
      if (readNotes) notes = await readPurgeNotes(to.name, target.state, { ...ctx, signal });
    },
  );
  return { opened, observed, source: view.source, scan: await view.scan, notes };
}

function checkAllStage(publish: string, ready: readonly PreparedTarget[]): void {
  const names = ready.filter(({ target }) => target.stage === undefined).map(({ name }) => name);
  if (names.length === 0) return;
  throw new SmartsyncError(
    `publish: ${publish} is not possible with ${names.join(", ")}: nothing can be staged there`,
    {
      kind: "config",
      code: "cannot-stage",
      hint: "nothing was touched; deliver those targets as a site of their own, or set `publish: ordered`",
    },
  );
}

function pickTargets(job: Job, { targets: known }: SiteConfig): readonly string[] {
  const wanted = job.targets ?? known;
  const foreign = wanted.find((name) => !known.includes(name));
  if (foreign === undefined) return [...new Set(wanted)];
  throw new SmartsyncError(`the site "${job.site}" is not delivered to a target named "${foreign}"`, {
    kind: "config",
    code: "target-unknown",
    hint: `its targets are: ${known.join(", ")}`,
  });
}

/** A pattern that selects nothing is mistyped more often than not; without a word it would look like "up to date". */
function warnOfNothing({ only = [] }: Job, everywhere: readonly (Snapshot | RemoteSnapshot)[], ctx: Ctx): void {
  for (const pattern of only) {
    const matches = compilePatterns([pattern]);
    if (everywhere.some(({ files }) => files.keys().some(matches))) continue;
    const message = `--only ${pattern} matches no file, neither in the source nor on a target`;
    const hint = "`/news/` is the folder at the site's root, `index.html` every file of that name";
    ctx.emit({ type: "warning", code: "nothing-selected", message, hint });
  }
}
