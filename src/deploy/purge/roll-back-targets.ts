import type { Ctx } from "../../core/context.ts";
import type { DeployEvent } from "../../core/events.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { noReleases } from "../find-release.ts";
import type { PlanDeps } from "../job.ts";
import { rollBack } from "../rollback.ts";
import type { OpenedCdn } from "./open-cdns.ts";

/** What frames a run: this one goes on after the rollback, and has its own. */
const FRAME: ReadonlySet<DeployEvent["type"]> = new Set(["run-started", "target-done", "done"]);

/**
 * Switches the targets that a CDN reads from back to the release before, as a run of its own in the history, and purges.
 * Fails where one of them keeps no releases ("no-releases"): it would go on with what is wrong.
 */
export function rollBackTargets(site: string, deps: PlanDeps): (opened: OpenedCdn, ctx: Ctx) => Promise<void> {
  return async ({ targets }, ctx) => {
    const without = targets.filter((name) => deps.config.targets[name]?.releases !== true);
    if (without.length > 0) throw noReleases(...without);
    const quiet: Ctx = { ...ctx, emit: (event) => void (FRAME.has(event.type) || ctx.emit(event)) };
    const report = await rollBack({ site, targets }, { ...deps, approve: async () => true }, quiet);
    const failure = report.targets.find((target) => target.failure)?.failure;
    if (report.outcome === "done" || report.outcome === "unchanged") return;
    throw new SmartsyncError(failure?.message ?? `the rollback is ${report.outcome}`, {
      kind: "partial",
      code: "rollback-failed",
      hint: `smartsync show ${report.run}`,
    });
  };
}
