import type { SiteConfig } from "../config/schema.ts";
import type { Ctx } from "../core/context.ts";
import type { TargetResult } from "../core/events.ts";
import type { Redactor } from "../lib/redact.ts";
import { deliver } from "./deliver.ts";
import { deliverStaged } from "./deliver-staged.ts";
import { tryAll } from "./group-steps.ts";
import type { Why } from "./hold-target.ts";
import { outcomeFor } from "./outcome.ts";
import type { PreparedTarget } from "./prepare.ts";
import { stageDelivery } from "./stage-delivery.ts";
import { startTally } from "./target-result.ts";
import { toFailure } from "./to-failure.ts";

/** What a delivery to several targets is made with. */
export interface Delivery {
  readonly why: Why;
  readonly publish: SiteConfig["publish"];
  readonly redactor: Redactor;
}

/**
 * Delivers to all these targets at the same time, each for itself or together; tells of each how it ended. Gives the
 * end of each by its name, in the same order.
 */
export function deliverAll(
  targets: readonly PreparedTarget[],
  delivery: Delivery,
  ctx: Ctx,
): ReadonlyMap<string, Promise<TargetResult>> {
  const groups = delivery.publish === "together" ? [targets] : targets.map((target) => [target]);
  const ends = groups.flatMap((group) => {
    const results = deliverGroup(group, delivery, ctx);
    return group.map(({ name }): [string, Promise<TargetResult>] => [name, results.then((all) => resultOf(name, all))]);
  });
  return new Map(ends);
}

function resultOf(name: string, results: readonly TargetResult[]): TargetResult {
  const found = results.find(({ target }) => target === name);
  if (found === undefined) throw new Error(`${name} has no result`);
  return found;
}

async function deliverGroup(group: readonly PreparedTarget[], delivery: Delivery, ctx: Ctx): Promise<TargetResult[]> {
  const tallies = group.map((prepared) => ({ prepared, ...startTally(prepared, ctx) }));
  const { why, publish, redactor } = delivery;
  const stages = publish !== "ordered" || group.some(({ target }) => target.caps.alwaysStages);
  // What changes nothing but records needs no stage, and is no release that one could go back to.
  const isStaged =
    stages && group.some(({ plan, observed }) => plan.phases.length > 0 || observed.interrupted !== null);
  const failures = isStaged
    ? await deliverStaged(tallies, ctx.signal, (member, stop) =>
        stageDelivery(member.prepared, { why, isAlone: group.length === 1 }, stop, member.ctx),
      )
    : await tryAll(tallies, (member) => deliver(member.prepared, why, member.ctx));
  return tallies.map(({ prepared, result }) => {
    const error = failures.get(prepared.name);
    const ended = error ? result(outcomeFor(error, ctx), toFailure(error, redactor)) : result("done");
    ctx.emit({ type: "target-done", result: ended });
    return ended;
  });
}
