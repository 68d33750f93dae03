import type { Ctx } from "../core/context.ts";
import { isAtWork, readOwner } from "./lock.ts";
import type { LockOwner } from "./lock-owner.ts";
import { observe } from "./observe.ts";
import type { ReadyTarget } from "./open-target.ts";
import { readPurgeNotes } from "./purge/purge-notes.ts";

/** What a target says of itself. */
export interface TargetStatus {
  /** null before the first delivery. */
  readonly generation: number | null;
  readonly files: number;
  /** How many of them left the site and stay for a while. */
  readonly kept: number;
  /** The last delivery that came to its end, and its ISO time; null when the records no longer tell. */
  readonly lastRun: string | null;
  readonly at: string | null;
  /** A delivery that has not come to its end, and of how many paths nobody knows whether it reached them. */
  readonly interrupted: { run: string; at: string; by: string; paths: number } | null;
  /** Who holds the lock; "nameless" when the record can't be read. */
  readonly lock: LockOwner | "nameless" | null;
  /** Purges that earlier runs owe: which run, and which CDNs; none where nothing is outstanding. */
  readonly owed: readonly { readonly run: string; readonly cdns: readonly string[] }[];
  /** Whether the lock's owner shows signs of life: then what is not at its end is under way. */
  readonly delivering: boolean;
}

/** Looks at a target's own records, changing nothing. */
export async function inspectTarget(ready: ReadyTarget, ctx: Ctx): Promise<TargetStatus> {
  await using target = await ready.open("dry", ctx);
  const [{ head, snapshot, interrupted }, owner, notes] = await Promise.all([
    observe(target, ready.manifests, ctx),
    readOwner(target, ctx),
    readPurgeNotes(ready.name, target.state, ctx),
  ]);
  const { intent, unfinished } = interrupted ?? {};
  const last = head?.run === intent?.run ? null : head;
  return {
    generation: head?.generation ?? null,
    files: snapshot.files.size,
    kept: snapshot.files.values().reduce((sum, { leaving }) => (leaving ? sum + 1 : sum), 0),
    lastRun: last?.run ?? null,
    at: last?.at ?? null,
    interrupted: intent ? { run: intent.run, at: intent.at, by: intent.by, paths: unfinished?.length ?? 0 } : null,
    lock: owner ?? null,
    owed: notes.map(({ run, cdns }) => ({ run, cdns: [...(cdns?.keys() ?? [])] })),
    delivering: owner !== undefined && owner !== "nameless" && isAtWork(owner, ctx.clock.now()),
  };
}

/** Gives a target free, whoever holds it; gives back who did, null when nobody. */
export async function unlockTarget(ready: ReadyTarget, ctx: Ctx): Promise<LockOwner | "nameless" | null> {
  await using target = await ready.open("write", ctx);
  const owner = await readOwner(target, ctx);
  if (owner !== undefined) await target.state.dropLock(ctx);
  return owner ?? null;
}
