import { isReplacing, pathOf } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { Failure } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import { joinScopes } from "../core/purge-note.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { Job, PlanDeps } from "./job.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { pathsOf } from "./purge/owe-purges.ts";
import { type PlannedPurge, planPurges } from "./purge/plan-purges.ts";
import { owedTo } from "./purge/purge-all.ts";

/** What a delivery would do, target by target and CDN by CDN. */
export interface Plans {
  readonly plans: readonly Plan[];
  /** Targets that could not be looked at, and why. */
  readonly failed: readonly { name: string; failure: Failure }[];
  /** One for each CDN that something would be asked of, with what earlier runs owe it. */
  readonly purges: readonly PlannedPurge[];
}

/** Works out what a job would do, writing nothing anywhere but caches on this machine. */
export async function makePlans(job: Job, deps: PlanDeps, ctx: Ctx): Promise<Plans> {
  await using prepared = await prepare(job, "dry", deps, ctx);
  const purges = purgesOf(prepared, deps, ctx);
  return { plans: prepared.ready.map(({ plan }) => plan), failed: prepared.failed, purges };
}

function purgesOf({ ready, cdns, snapshot }: Prepared, deps: PlanDeps, ctx: Ctx): PlannedPurge[] {
  const due = cdns.map((opened) => {
    const read = ready.filter(({ name }) => opened.targets.includes(name));
    const owed = ready.flatMap((target) => owedTo(opened, target, cdns)).map(({ scope }) => scope);
    const scope = joinScopes([...read.map(({ plan }) => new Set(pathsOf(plan))), ...owed]);
    const changes = read.flatMap(({ plan }) => plan.phases.flatMap((phase) => phase.changes));
    const news = new Set(changes.filter((change) => change.kind === "put" && !isReplacing(change)).map(pathOf));
    const wasThere = (path: RelPath) =>
      !news.has(path) && owed.every((each) => each !== "everything" && !each.has(path));
    return { opened, scope, wasThere };
  });
  return planPurges(due, [...snapshot.files.keys()], deps, ctx);
}
