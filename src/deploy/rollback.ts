import type { Ctx } from "../core/context.ts";
import { planSwitch } from "../core/plan-switch.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { deliverStaged } from "./deliver-staged.ts";
import { findRelease, listReleases } from "./find-release.ts";
import type { PlanDeps, RunReport } from "./job.ts";
import { observe } from "./observe.ts";
import { readyTarget } from "./open-target.ts";
import { outcomeFor } from "./outcome.ts";
import type { PlannedTarget } from "./prepare.ts";
import { type OpenedCdn, openCdns } from "./purge/open-cdns.ts";
import { originOf, owePurges } from "./purge/owe-purges.ts";
import { purgeAll } from "./purge/purge-all.ts";
import { type FoundNote, readPurgeNotes } from "./purge/purge-notes.ts";
import { trackPublished } from "./purge/track-published.ts";
import { readySwitch, type Switch } from "./ready-switch.ts";
import { type RunEnd, recordRun } from "./record-run.ts";
import { startTally } from "./target-result.ts";
import { toFailure } from "./to-failure.ts";

/** What is to be rolled back. */
export interface RollbackJob {
  readonly site: string;
  /** Targets that keep releases. */
  readonly targets: readonly string[];
  /** The release to go to, or how its name begins; the one before the served one when absent. */
  readonly to?: string;
}

/** What a rollback needs from outside. */
export interface RollbackDeps extends PlanDeps {
  /** Asked once, before anything is touched; false ends the run. */
  approve(switches: readonly PlannedSwitch[]): Promise<boolean>;
}

/** What a rollback does to one target. */
export interface PlannedSwitch {
  readonly target: string;
  readonly from: string | undefined;
  readonly to: string;
}

interface ReadySwitch extends Switch {
  readonly prepared: PlannedTarget & { readonly notes: readonly FoundNote[] };
  /** It is served already, and the target's records say so. */
  readonly isDone: boolean;
}

/**
 * Switches every target to an older release, or to any other, as one: all of them or none. Throws when a target can't
 * be switched, with nothing touched.
 */
export async function rollBack(job: RollbackJob, deps: RollbackDeps, outer: Ctx): Promise<RunReport> {
  return recordRun({ ...job, trigger: "rollback" }, deps, outer, async (run, ctx) => {
    await using open = new AsyncDisposableStack();
    const { cdns } = open.use(await openCdns(job.site, deps));
    const switches = await Promise.all(job.targets.map((name) => look(name, job, cdns, deps, open, ctx)));
    checkSame(switches);
    const due = switches.filter(({ isDone }) => !isDone);
    const planned = due.map(({ prepared, from, to }) => ({ target: prepared.name, from, to }));
    const approved = due.length === 0 || (await deps.approve(planned));
    if (approved) return await switchAll({ job, run, switches, cdns }, deps, ctx);
    const results = switches.map(({ prepared, isDone }) =>
      startTally(prepared, ctx).result(isDone ? "unchanged" : "aborted"),
    );
    for (const result of results) ctx.emit({ type: "target-done", result });
    return { targets: results };
  });
}

interface Switching {
  readonly job: RollbackJob;
  readonly run: string;
  readonly switches: readonly ReadySwitch[];
  readonly cdns: readonly OpenedCdn[];
}

/** Switches the targets that are not there yet, as one, and purges what is another page for visitors then. */
async function switchAll({ job, run, switches, cdns }: Switching, deps: RollbackDeps, ctx: Ctx): Promise<RunEnd> {
  const { site } = job;
  const tracker = trackPublished(ctx);
  const still = switches.filter(({ isDone }) => isDone);
  const due = switches.filter(({ isDone }) => !isDone);
  const owing = owePurges(
    due.map(({ prepared }) => prepared),
    cdns,
    { run, site },
    ctx,
  );
  const members = due.map((ready, at) => {
    const prepared = tracker.on(owing[at] ?? ready.prepared);
    const { releases = ready.releases } = prepared.target;
    return { ...ready, releases, ...startTally(prepared, tracker.ctx), prepared };
  });
  const why = { run, trigger: "rollback" };
  const switching = deliverStaged(members, ctx.signal, (member, stop) => readySwitch(member, member, why, stop));
  const origins = [...still, ...members].map(({ prepared }) => {
    return originOf(prepared, new Map([[prepared.name, switching]]), tracker);
  });
  const files = switches[0]?.files ?? new Map();
  const purging = purgeAll({ run, site, cdns, origins, files }, deps, ctx);
  const failures = await switching;
  const unchanged = still.map(({ prepared }) => startTally(prepared, ctx).result("unchanged"));
  const results = members.map(({ prepared, result }) => {
    const error = failures.get(prepared.name);
    return error === undefined ? result("done") : result(outcomeFor(error, ctx), toFailure(error, deps.redactor));
  });
  const targets = [...unchanged, ...results];
  for (const result of targets) ctx.emit({ type: "target-done", result });
  const purges = await purging;
  return { targets, ...(cdns.length > 0 && { purges }) };
}

async function look(
  name: string,
  job: RollbackJob,
  cdns: readonly OpenedCdn[],
  deps: PlanDeps,
  open: AsyncDisposableStack,
  ctx: Ctx,
): Promise<ReadySwitch> {
  const ready = await readyTarget(name, deps);
  const target = open.use(await ready.open("write", ctx));
  const [list, observed, notes] = await Promise.all([
    listReleases(name, target, ctx),
    observe(target, ready.manifests, ctx),
    cdns.length > 0 ? readPurgeNotes(name, target.state, ctx) : [],
  ]);
  if (target.releases === undefined) throw new Error(`${name} keeps no releases`);
  const { name: to, files } = await findRelease(target, list, job.to, ctx);
  const from = list.find(({ current }) => current)?.name;
  const plan = planSwitch({ site: job.site, target: name }, observed.snapshot, files);
  const prepared = { name, target, observed, cache: ready.manifests, plan, notes };
  const isDone = from === to && observed.interrupted === null && plan.phases.length === 0;
  return { prepared, releases: target.releases, from, to, files, isDone };
}

/** Without a name each target would go back by one, and that may not be the same version everywhere. */
function checkSame(switches: readonly ReadySwitch[]): void {
  const isRun = ({ to }: ReadySwitch) => !to.startsWith("before-");
  if (new Set(switches.map((each) => (isRun(each) ? each.to : ""))).size <= 1) return;
  const where = switches.map(({ prepared, to }) => `${prepared.name} to ${to}`).join(", ");
  throw new SmartsyncError(`the targets would not go back to the same release: ${where}`, {
    kind: "conflict",
    code: "releases-differ",
    hint: "name the release with --to, or one target after the other with --target",
  });
}
