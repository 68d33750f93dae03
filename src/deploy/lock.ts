import type { Ctx } from "../core/context.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { formatTime } from "../report/local-time.ts";
import type { StateStore, Target } from "../targets/target.ts";
import { encodeOwner, isDeadHere, type LockOwner, parseOwner, thisMachine, whoAmI } from "./lock-owner.ts";

/** A held lock says this often that its owner lives. */
const HEARTBEAT_MS = 20_000;
/** An owner that has said nothing for so long, by the two machines' clocks, is looked at more closely. */
const SILENT_MS = 120_000;
/** So long the record must then stay as it is, by our clock alone: clocks that differ can't end a living owner's lock. */
const WATCH_MS = HEARTBEAT_MS + 10_000;
/**
 * Whoever takes a lock writes its record a moment later: one that stays empty is of somebody who was killed in between.
 * Should he live after all, his next look at the lock tells him that it is lost.
 */
const NAMELESS_MS = 5_000;

/** A lock that is held; disposing gives it up, once. */
export interface Lock extends AsyncDisposable {
  /** Whose abandoned lock was taken over, for people; null when it was free. */
  readonly tookOver: string | null;
  /** Aborts when the lock was lost while it was thought to be held. */
  readonly lost: AbortSignal;
  /** Throws "lock-lost" (kind conflict) unless the target still carries this lock's token. */
  check(ctx: Ctx): Promise<void>;
}

/**
 * Takes a target's lock, also from an owner that is dead or silent. Throws "locked" (kind refused) when somebody
 * living has it. The lock says every 20 s that its owner lives, until it is disposed of.
 */
export async function takeLock(target: Target, why: { run: string; trigger: string }, ctx: Ctx): Promise<Lock> {
  const { state } = target;
  const now = new Date(ctx.clock.now()).toISOString();
  const owner: LockOwner = {
    format: 1,
    token: crypto.randomUUID(),
    run: why.run,
    by: whoAmI(),
    machine: thisMachine(),
    pid: process.pid,
    why: why.trigger,
    since: now,
    renewed: now,
  };
  let tookOver: string | null = null;
  while (!(await state.takeLock(encodeOwner(owner), ctx))) {
    const record = await state.readLock(ctx);
    if (record === undefined) continue;
    tookOver = await judge(state, record, ctx);
    await state.dropLock(ctx);
  }
  return holdLock(state, owner, tookOver, ctx);
}

/** Gives the dead owner's description, or throws when the owner lives. */
async function judge(state: StateStore, record: Uint8Array, ctx: Ctx): Promise<string> {
  const owner = parseOwner(record);
  if (owner && isDeadHere(owner)) return describeOwner(owner);
  if (owner && isAtWork(owner, ctx.clock.now())) throw lockedBy(owner);
  await ctx.clock.sleep(record.length === 0 ? NAMELESS_MS : WATCH_MS, ctx.signal);
  const later = await state.readLock(ctx);
  if (later !== undefined && Buffer.compare(later, record) !== 0) throw lockedBy(parseOwner(later));
  return describeOwner(owner);
}

/** True unless the owner's process is gone from this machine, or it has said nothing for two minutes before `now`. */
export function isAtWork(owner: LockOwner, now: number): boolean {
  return !isDeadHere(owner) && now - Date.parse(owner.renewed) <= SILENT_MS;
}

function lockedBy(owner: LockOwner | undefined): SmartsyncError {
  return new SmartsyncError(`another delivery is at work: ${describeOwner(owner)}`, {
    kind: "refused",
    code: "locked",
    hint: "wait for it; if you are sure that it is dead, `smartsync unlock` gives the target free",
  });
}

/** "push by deploy@cms since 2026-11-22 10:02:03 (run …)", for people: the time is this machine's. */
export function describeOwner(owner: LockOwner | undefined): string {
  if (owner === undefined) return "an owner that left no name";
  return `${owner.why} by ${owner.by} since ${formatTime(Date.parse(owner.since))} (run ${owner.run})`;
}

function holdLock(state: StateStore, owner: LockOwner, tookOver: string | null, ctx: Ctx): Lock {
  const lost = new AbortController();
  const stopped = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stopped.signal]);
  const check = async (checkCtx: Ctx): Promise<void> => {
    const record = await state.readLock(checkCtx);
    if (record !== undefined && parseOwner(record)?.token === owner.token) return;
    const error = new SmartsyncError(
      `the lock was lost: ${record === undefined ? "somebody removed it" : `now held for ${describeOwner(parseOwner(record))}`}`,
      { kind: "conflict", code: "lock-lost", hint: "run the delivery again; it takes up where this one stopped" },
    );
    lost.abort(error);
    throw error;
  };
  const beating = beat();
  let isHeld = true;
  return {
    tookOver,
    lost: lost.signal,
    check,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await beating;
      if (!isHeld || lost.signal.aborted) return;
      isHeld = false;
      const goodbye = { ...ctx, signal: AbortSignal.timeout(5_000) };
      try {
        await state.dropLock(goodbye);
      } catch (error) {
        const { message } = toSmartsyncError(error);
        ctx.emit({ type: "warning", code: "lock-kept", message: `could not give the lock up: ${message}` });
      }
    },
  };

  async function beat(): Promise<void> {
    const beatCtx = { ...ctx, signal };
    while (!signal.aborted) {
      try {
        await ctx.clock.sleep(HEARTBEAT_MS, signal);
        await check(beatCtx);
        const renewed = new Date(ctx.clock.now()).toISOString();
        await state.writeLock(encodeOwner({ ...owner, renewed }), beatCtx);
      } catch (error) {
        if (signal.aborted || lost.signal.aborted) return;
        // One missed beat is harmless: silence is judged after six of them.
        const { message } = toSmartsyncError(error);
        ctx.emit({ type: "warning", code: "heartbeat-missed", message: `could not renew the lock: ${message}` });
      }
    }
  }
}

/** Who holds a target's lock; undefined when nobody does, "nameless" when the record can't be read. */
export async function readOwner(target: Target, ctx: Ctx): Promise<LockOwner | "nameless" | undefined> {
  const record = await target.state.readLock(ctx);
  if (record === undefined) return undefined;
  return parseOwner(record) ?? "nameless";
}
