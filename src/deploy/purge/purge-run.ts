import type { SiteConfig } from "../../config/schema.ts";
import type { Ctx } from "../../core/context.ts";
import { encodePurgeNote, isEmptyScope, joinScopes, type PurgeScope } from "../../core/purge-note.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { toSmartsyncError } from "../../lib/errors.ts";
import type { PlanDeps, RunReport } from "../job.ts";
import { readyTarget } from "../open-target.ts";
import { recordRun } from "../record-run.ts";
import { makeRunId } from "../run-id.ts";
import { openSiteSource } from "../site-source.ts";
import { viewSite } from "../site-views.ts";
import { checkerOf } from "./check-purged.ts";
import { type OpenedCdn, openCdns } from "./open-cdns.ts";
import { pathsOfRun } from "./paths-of-run.ts";
import { type PlannedPurge, planPurges } from "./plan-purges.ts";
import { owedTo, type PurgeOrigin, purgeAll } from "./purge-all.ts";
import { noteName, readPurgeNotes } from "./purge-notes.ts";
import { resolvePaths } from "./resolve-paths.ts";
import type { NotedTarget } from "./settle-notes.ts";

/** What is to be purged without a delivery. */
export type PurgeWhat =
  /** Paths, folders ("/news/"), patterns, or whole addresses. */
  | { readonly paths: readonly string[] }
  | { readonly all: true }
  /** What a run of this machine's history changed, by its id or how that begins. */
  | { readonly run: string }
  /** What earlier runs owe, by their notes on the targets. */
  | { readonly outstanding: true };

/** A purge that somebody asks for. */
export interface PurgeJob {
  readonly site: string;
  readonly what: PurgeWhat;
  /** Which of the site's CDNs; all when absent. */
  readonly cdns?: readonly string[];
  /** Nothing is asked, written or remembered: the report has the plans alone. */
  readonly dryRun: boolean;
}

/** How a purge went, or would go. */
export interface PurgeReport extends RunReport {
  /** Of a dry run: what would be asked of each CDN that something would be asked of. */
  readonly plans?: readonly PlannedPurge[];
}

/** What is known before anything is asked of a CDN. */
interface Prepared {
  readonly cdns: readonly OpenedCdn[];
  readonly settings: SiteConfig;
  readonly files: ReadonlyMap<RelPath, FileMeta>;
  readonly targets: readonly NotedTarget[];
  asked(opened: OpenedCdn): PurgeScope;
}

/** Purges a site's CDNs without delivering. It is a run of the history, without targets. */
export async function purgeSite(job: PurgeJob, deps: PlanDeps, outer: Ctx): Promise<PurgeReport> {
  if (job.dryRun) return tryOut(job, deps, outer);
  const about = { site: job.site, targets: [], trigger: "purge" };
  return recordRun(about, deps, outer, async (run, ctx) => {
    await using open = new AsyncDisposableStack();
    const { targets, ...prepared } = await prepare(job, "write", deps, open, ctx);
    const origins = await Promise.all(targets.map((target) => writeNote(target, run, job.site, prepared, ctx)));
    warnOfNoNote(origins, prepared, ctx);
    const check = checkerOf({ settings: prepared.settings, files: prepared.files });
    return { targets: [], purges: await purgeAll({ ...prepared, run, site: job.site, origins, check }, deps, ctx) };
  });
}

async function tryOut(job: PurgeJob, deps: PlanDeps, ctx: Ctx): Promise<PurgeReport> {
  const startedAt = ctx.clock.now();
  const plans = await planPurge(job, deps, ctx);
  for (const { cdn, plan } of plans) {
    const { batches, ...told } = plan;
    ctx.emit({ type: "purge-planned", cdn, plan: told, requests: batches.length });
  }
  const seconds = (ctx.clock.now() - startedAt) / 1000;
  return { run: makeRunId(startedAt), site: job.site, outcome: "unchanged", seconds, targets: [], plans };
}

async function planPurge(job: PurgeJob, deps: PlanDeps, ctx: Ctx): Promise<PlannedPurge[]> {
  await using open = new AsyncDisposableStack();
  const { cdns, files, targets, asked } = await prepare(job, "dry", deps, open, ctx);
  const due = cdns.map((opened) => {
    const owed = targets.flatMap((target) => owedTo(opened, target, cdns));
    return { opened, scope: joinScopes([asked(opened), ...owed.map(({ scope }) => scope)]) };
  });
  return planPurges(due, [...files.keys()], deps, ctx);
}

async function prepare(
  { site, what, cdns: only }: PurgeJob,
  access: "dry" | "write",
  deps: PlanDeps,
  open: AsyncDisposableStack,
  ctx: Ctx,
): Promise<Prepared> {
  const settings = deps.config.sites[site];
  if (settings === undefined) throw new Error(`site ${site} was not checked`);
  const { cdns } = open.use(await openCdns(site, deps, only));
  const changed = "run" in what ? pathsOfRun(deps.state.runs, site, what.run) : new Map<string, PurgeScope>();
  const names = settings.targets.filter((name) => cdns.some(({ targets }) => targets.includes(name)));
  const scanning = viewSite(openSiteSource(site, deps), settings, ctx).plain.scan;
  const looked = await Promise.all(names.map((name) => look(name, what, access, deps, open, ctx)));
  const { files } = (await scanning).snapshot;
  const asked = ({ targets, addresses }: OpenedCdn): PurgeScope => {
    if ("all" in what) return "everything";
    if ("paths" in what) return resolvePaths(what.paths, files.keys(), addresses.baseUrls);
    return joinScopes(targets.flatMap((target) => changed.get(target) ?? []));
  };
  // What can't be understood is told before anything is asked.
  for (const opened of cdns) asked(opened);
  return { cdns, settings, files, targets: looked.flat(), asked };
}

/** A target and what earlier runs owe by it, where that is to be made good as well; nothing when it can't be reached. */
async function look(
  name: string,
  what: PurgeWhat,
  access: "dry" | "write",
  deps: PlanDeps,
  open: AsyncDisposableStack,
  ctx: Ctx,
): Promise<NotedTarget[]> {
  const ready = await readyTarget(name, deps);
  try {
    const { state } = open.use(await ready.open(access, ctx));
    const notes = "all" in what || "outstanding" in what ? await readPurgeNotes(name, state, ctx) : [];
    return [{ name, state, notes, owes: false }];
  } catch (error) {
    ctx.signal.throwIfAborted();
    const message = `what earlier runs owe by ${name} is not known: ${toSmartsyncError(error).message}`;
    ctx.emit({ type: "warning", target: name, code: "purge-target-unseen", message });
    return [];
  }
}

/** Writes down what is going to be purged, should this be the last that is heard of the run. */
async function writeNote(
  target: NotedTarget,
  run: string,
  site: string,
  { cdns, asked }: Pick<Prepared, "cdns" | "asked">,
  ctx: Ctx,
): Promise<PurgeOrigin> {
  const origin = {
    ...target,
    ended: Promise.resolve(),
    published: () => new Set<RelPath>(),
    replaced: () => new Set<RelPath>(),
    doubtful: () => new Set<RelPath>(),
  };
  const due = cdns
    .filter(({ targets }) => targets.includes(target.name))
    .map((opened) => [opened.name, asked(opened)] as const);
  const owed = due.filter(([, scope]) => !isEmptyScope(scope));
  if (owed.length === 0) return origin;
  const content = owed.map(([name, scope]) => [name, scope === "everything" ? scope : [...scope]] as const);
  const at = new Date(ctx.clock.now()).toISOString();
  const note = encodePurgeNote({ format: 1, run, at, site, cdns: Object.fromEntries(content) });
  try {
    await target.state.write(noteName(run), note, ctx);
    return { ...origin, owes: true };
  } catch (error) {
    ctx.signal.throwIfAborted();
    const message = `could not note the purge: ${toSmartsyncError(error).message}`;
    ctx.emit({ type: "warning", target: target.name, code: "purge-not-noted", message });
    return origin;
  }
}

function warnOfNoNote(
  origins: readonly PurgeOrigin[],
  { cdns, asked }: Pick<Prepared, "cdns" | "asked">,
  ctx: Ctx,
): void {
  for (const opened of cdns) {
    const isNoted = origins.some(({ name, owes }) => owes && opened.targets.includes(name));
    if (isNoted || isEmptyScope(asked(opened))) continue;
    const message = `no target could be told what is to be purged from ${opened.name}`;
    const hint = "should it fail, no later run knows of it: watch how it ends";
    ctx.emit({ type: "warning", code: "purge-not-noted", message, hint });
  }
}
