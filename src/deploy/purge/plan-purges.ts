import type { Ctx } from "../../core/context.ts";
import { compilePatterns } from "../../core/patterns.ts";
import { planPurge, purgeEverything } from "../../core/plan-purge.ts";
import { isEmptyScope, type PurgeScope } from "../../core/purge-note.ts";
import type { PurgeInput, PurgePlan, Usage } from "../../core/purge-plan.ts";
import type { RelPath } from "../../core/rel-path.ts";
import { toSmartsyncError } from "../../lib/errors.ts";
import { monthOf } from "../../state/purge-usage.ts";
import type { PlanDeps } from "../job.ts";
import type { OpenedCdn } from "./open-cdns.ts";

/** What planning works from, for a CDN of a site whose files are these now. */
export function purgeInput(
  { cdn, addresses, settings }: OpenedCdn,
  scope: PurgeScope,
  files: Iterable<RelPath>,
  usage: Usage,
  wasThere: (path: RelPath) => boolean,
): PurgeInput {
  const changed = scope === "everything" ? [] : [...scope];
  const { tolerance, tags = [] } = settings;
  const tagsOf = tags.length > 0 && { tagsOf: findTags(tags) };
  return { changed, site: files, addresses, rules: cdn.rules, tolerance, usage, wasThere, ...tagsOf };
}

/** Which of the configured tags a file is sent with. */
function findTags(tags: NonNullable<OpenedCdn["settings"]["tags"]>): NonNullable<PurgeInput["tagsOf"]> {
  const tests = tags.map(({ tag, match }) => ({ tag, matches: compilePatterns([match]) }));
  return (path) => [...new Set(tests.filter(({ matches }) => matches(path)).map(({ tag }) => tag))];
}

/** The plan for a scope: what has changed, or everything because somebody asked for it. */
export function planScope(scope: PurgeScope, input: PurgeInput): PurgePlan {
  return scope === "everything" ? purgeEverything(input) : planPurge(input);
}

/** What was used of a CDN this month, as far as this machine knows. */
export function usageOf({ name }: OpenedCdn, { state }: Pick<PlanDeps, "state">, ctx: Ctx): Usage {
  return { itemsThisMonth: state.purgeUsage.of(name, monthOf(ctx.clock.now())).items };
}

/** The same, with what is left of the day's quota where there is one and the CDN tells. */
export async function askUsage(opened: OpenedCdn, deps: Pick<PlanDeps, "state">, ctx: Ctx): Promise<Usage> {
  const usage = usageOf(opened, deps, ctx);
  const { cdn, name } = opened;
  if (cdn.quota === undefined || Object.values(cdn.rules.kinds).every(({ perDay }) => perDay === undefined)) {
    return usage;
  }
  try {
    return { ...usage, leftToday: await cdn.quota(ctx) };
  } catch (error) {
    ctx.signal.throwIfAborted();
    const message = `could not ask ${name} how much may still be purged today: ${toSmartsyncError(error).message}`;
    ctx.emit({ type: "warning", code: "purge-quota-unknown", message });
    return usage;
  }
}

/** What a CDN would be asked for. */
export interface PlannedPurge {
  readonly cdn: string;
  readonly plan: PurgePlan;
}

/** What a CDN is to drop. */
export interface DuePurge {
  readonly opened: OpenedCdn;
  readonly scope: PurgeScope;
  /** Which of it was there before; nothing, as far as is known, when absent. */
  readonly wasThere?: (path: RelPath) => boolean;
}

/** Plans purges without asking anybody anything: one for each CDN that something is to be dropped of. */
export function planPurges(
  due: readonly DuePurge[],
  files: readonly RelPath[],
  deps: Pick<PlanDeps, "state">,
  ctx: Ctx,
): PlannedPurge[] {
  return due
    .filter(({ scope }) => !isEmptyScope(scope))
    .map(({ opened, scope, wasThere = () => false }) => {
      const plan = planScope(scope, purgeInput(opened, scope, files, usageOf(opened, deps, ctx), wasThere));
      return { cdn: opened.name, plan };
    });
}
