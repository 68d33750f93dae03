import type { Ctx } from "../../src/core/context.ts";
import { diff } from "../../src/core/diff.ts";
import { makePlan } from "../../src/core/make-plan.ts";
import type { Plan } from "../../src/core/plan.ts";
import { deliver, needsDelivery } from "../../src/deploy/deliver.ts";
import { lookAtTarget } from "../../src/deploy/look-at-target.ts";
import { type Observed, observe } from "../../src/deploy/observe.ts";
import type { Source } from "../../src/site/source.ts";
import type { Target } from "../../src/targets/target.ts";
import type { MemoryServer } from "../doubles/memory-target.ts";

/** A cache of manifests that forgets: every observation reads the target, as on a machine without local state. */
export const NO_CACHE = { get: () => undefined, set: () => {} };

/** Observes, plans without guards, and delivers what differs, as a run does. Gives the plan. */
export async function tryDelivery(target: Target, source: Source, ctx: Ctx, run: string): Promise<Plan> {
  const observed = await seeTarget(target, source, ctx);
  const plan = await planFor(source, observed, ctx);
  const prepared = { name: "web1", target, observed, cache: NO_CACHE, plan, source, notes: [] };
  if (needsDelivery(prepared)) await deliver(prepared, { run, trigger: "test" }, ctx);
  return plan;
}

/** Looks at a target as a run does, but reads its records even when they say that it holds what the source does. */
export async function seeTarget(target: Target, source: Source, ctx: Ctx): Promise<Observed> {
  if (target.survey === undefined) return observe(target, NO_CACHE, ctx);
  return lookAtTarget({ name: "web1", target, cache: NO_CACHE }, { source, scan: source.scan(ctx) }, ctx);
}

/** The plan that makes the target the source, with every guard off. */
export async function planFor(source: Source, { snapshot: remote }: Observed, ctx: Ctx): Promise<Plan> {
  const { snapshot: local } = await source.scan(ctx);
  const policy = {
    force: false,
    excluded: () => false,
    isPage: (path: string) => path.endsWith(".html"),
    isProtected: () => false,
    maxDeletePercent: 100,
    maxDeleteCount: 1_000_000,
    maxShrinkPercent: 100,
    allow: new Set<never>(),
  };
  return makePlan({
    site: "corporate",
    target: "web1",
    local,
    remote,
    changes: diff(local, remote, policy),
    policy,
    names: { foldsCase: false, foldsUnicode: false, maxSegmentBytes: 255, maxPathBytes: 4096, windows: false },
    problems: [],
  });
}

/** What a server in memory serves, as text by path. */
export function served(server: MemoryServer): Record<string, string> {
  return Object.fromEntries([...server.files].map(([path, { content }]) => [path, Buffer.from(content).toString()]));
}
