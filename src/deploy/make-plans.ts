import type { Ctx } from "../core/context.ts";
import type { Failure } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import type { Job, PlanDeps } from "./job.ts";
import { prepare } from "./prepare.ts";

/** What a delivery would do, target by target. */
export interface Plans {
  readonly plans: readonly Plan[];
  /** Targets that could not be looked at, and why. */
  readonly failed: readonly { name: string; failure: Failure }[];
}

/** Works out what a job would do, writing nothing anywhere but caches on this machine. */
export async function makePlans(job: Job, deps: PlanDeps, ctx: Ctx): Promise<Plans> {
  await using prepared = await prepare(job, "dry", deps, ctx);
  return { plans: prepared.ready.map(({ plan }) => plan), failed: prepared.failed };
}
