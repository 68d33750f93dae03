import type { SmartsyncError } from "../lib/errors.ts";
import { heldBack, notPutBack, putBack } from "./group-errors.ts";
import { type Failures, type Member, tryAll, tryTogether } from "./group-steps.ts";
import type { StagedDelivery } from "./stage-delivery.ts";

/**
 * Delivers to a group of targets as one: all are made ready by `stage`, and only when all are is each published, at the
 * same time. When one can't be made ready nothing is published ("held-back" on the others); when one fails while it is
 * published, or the run is stopped, all are put back ("put-back" on the others). A group may be one target.
 */
export async function deliverStaged<M extends Member>(
  members: readonly M[],
  signal: AbortSignal,
  stage: (member: M, stop: AbortSignal) => Promise<StagedDelivery>,
): Promise<Failures> {
  const names = members.map(({ prepared }) => prepared.name);
  const group: Staged[] = [];
  try {
    const unready = await tryTogether(members, signal, async (member, stop) => {
      const { prepared, ctx } = member;
      group.push({ prepared, ctx, delivery: await stage(member, stop) });
    });
    if (unready.size > 0) return forOthers(names, unready, () => heldBack(whyOf(unready)));
    return await publishAll(group, signal);
  } finally {
    await Promise.all(group.map(({ delivery }) => delivery[Symbol.asyncDispose]()));
  }
}

interface Staged extends Member {
  readonly delivery: StagedDelivery;
}

async function publishAll(group: readonly Staged[], signal: AbortSignal): Promise<Failures> {
  const names = group.map(({ prepared }) => prepared.name);
  const unopened = await tryAll(group, ({ delivery }) => delivery.begin());
  if (unopened.size > 0) {
    const kept = await tryAll(group, ({ delivery }) => delivery.abandon());
    warnOf(group, kept, "intent-kept", "could not end the intent");
    return forOthers(names, unopened, () => heldBack(whyOf(unopened)));
  }
  const unpublished = await tryTogether(group, signal, ({ delivery }, stop) => delivery.publish(stop));
  if (unpublished.size > 0) {
    const because = whyOf(unpublished);
    const mixed = await tryAll(group, ({ delivery, prepared }) =>
      delivery.revert(unpublished.get(prepared.name)?.message ?? because),
    );
    warnOf(group, mixed, "not-put-back", "could not put back what was published");
    return forOthers(names, unpublished, (name) =>
      mixed.has(name) ? notPutBack(because, mixed.get(name)) : putBack(because),
    );
  }
  return tryAll(group, ({ delivery }) => delivery.finish());
}

/** The failures, and one for each of the others because of them. */
function forOthers(names: readonly string[], failures: Failures, failure: (name: string) => SmartsyncError): Failures {
  return new Map(names.map((name) => [name, failures.get(name) ?? failure(name)]));
}

/** Which targets failed, and how, in one line. */
function whyOf(failures: Failures): string {
  return [...failures].map(([name, { message }]) => `${name}: ${message}`).join("; ");
}

function warnOf(group: readonly Member[], failures: Failures, code: string, what: string): void {
  for (const { prepared, ctx } of group) {
    const failure = failures.get(prepared.name);
    if (failure === undefined) continue;
    const hint = "the next delivery makes the target whole";
    ctx.emit({ type: "warning", target: prepared.name, code, message: `${what}: ${failure.message}`, hint });
  }
}
