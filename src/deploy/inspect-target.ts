import type { Ctx } from "../core/context.ts";
import type { PlanDeps } from "./job.ts";
import { readOwner } from "./lock.ts";
import type { LockOwner } from "./lock-owner.ts";
import { observe } from "./observe.ts";
import { readyTarget } from "./open-target.ts";

/** What a target says of itself. */
export interface TargetStatus {
  readonly place: string;
  /** null before the first delivery. */
  readonly generation: number | null;
  readonly files: number;
  readonly lastRun: string | null;
  /** ISO time of the last delivery. */
  readonly at: string | null;
  /** A delivery that did not come to its end, and of how many paths nobody knows whether it reached them. */
  readonly interrupted: { run: string; at: string; by: string; paths: number } | null;
  /** Who holds the lock; "nameless" when the record can't be read. */
  readonly lock: LockOwner | "nameless" | null;
}

/** Looks at a target's own records, changing nothing. */
export async function inspectTarget(name: string, deps: PlanDeps, ctx: Ctx): Promise<TargetStatus> {
  const ready = await readyTarget(name, deps);
  await using target = await ready.open("dry", ctx);
  const cache = {
    get: (sha256: string) => deps.state.manifests.get(name, sha256),
    set: (sha256: string, content: Uint8Array) => deps.state.manifests.set(name, sha256, content),
  };
  const [{ head, snapshot, interrupted }, owner] = await Promise.all([
    observe(target, cache, ctx),
    readOwner(target, ctx),
  ]);
  const { intent, unfinished } = interrupted ?? {};
  return {
    place: ready.place,
    generation: head?.generation ?? null,
    files: snapshot.files.size,
    lastRun: head?.run ?? null,
    at: head?.at ?? null,
    interrupted: intent ? { run: intent.run, at: intent.at, by: intent.by, paths: unfinished?.length ?? 0 } : null,
    lock: owner ?? null,
  };
}

/** Gives a target free, whoever holds it; gives back who did, null when nobody. */
export async function unlockTarget(name: string, deps: PlanDeps, ctx: Ctx): Promise<LockOwner | "nameless" | null> {
  const ready = await readyTarget(name, deps);
  await using target = await ready.open("write", ctx);
  const owner = await readOwner(target, ctx);
  if (owner !== undefined) await target.state.dropLock(ctx);
  return owner ?? null;
}
