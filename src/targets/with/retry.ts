import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { isTransient, toSmartsyncError } from "../../lib/errors.ts";
import type { StateStore, Target } from "../target.ts";
import { retryStage } from "./retry-stage.ts";

/** How long a call is tried. */
export interface Patience {
  /** How often in all, the first time included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; each further wait is twice as long, less up to half of it by chance. */
  readonly firstWaitMs: number;
}

/** Six attempts within about 15 s: a dropped connection or a restarting server, not an outage. */
const PATIENCE: Patience = { attempts: 6, firstWaitMs: 500 };

/** Makes a call again after a transient failure; `doing` says in events what is tried. */
export type Retry = <T>(doing: string, ctx: Ctx, call: (attempt: number) => Promise<T>) => Promise<T>;

/** Tries the calls to one target again, each with its own count; every wait is told as a `retry` event under its name. */
export function createRetry(name: string, patience: Patience = PATIENCE): Retry {
  return async (doing, ctx, call) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(attempt);
      } catch (error) {
        if (!isTransient(error) || attempt >= patience.attempts) throw error;
        const waitMs = patience.firstWaitMs * 2 ** (attempt - 1) * (1 - Math.random() / 2);
        const { message: reason } = toSmartsyncError(error);
        ctx.emit({ type: "retry", target: name, doing, attempt, waitSeconds: waitMs / 1000, reason });
        await sleep(waitMs, ctx);
      }
    }
  };
}

/**
 * The same target with every call tried again after a transient failure: each call has its own count, a put gets a
 * fresh body each time, and every wait is told as a `retry` event under the target's name. Other failures pass, and so
 * do hooks: nobody knows whether a command may run twice.
 */
export function withRetry(target: Target, name: string, patience: Patience = PATIENCE): Target {
  const retry = createRetry(name, patience);
  const { stage, releases, survey, describe, serveAs } = target;
  return {
    ...target,
    state: retryState(target.state, retry),
    async *list(prefix, ctx) {
      // Given out only when complete: a list that breaks off and starts again would name files twice.
      const list = () => Array.fromAsync(target.list(prefix, ctx));
      yield* await retry(`list ${prefix === "" ? "the site" : prefix}`, ctx, list);
    },
    get: (path, ctx) => retry(`get ${path}`, ctx, () => target.get(path, ctx)),
    put: (file, body, ctx) => retry(`put ${file.path}`, ctx, () => target.put(file, body, ctx)),
    makeDirs: (dirs, ctx) => retry("make directories", ctx, () => target.makeDirs(dirs, ctx)),
    async remove(paths, ctx, done) {
      const left = new Set(paths);
      const gone = (path: RelPath): void => {
        left.delete(path);
        done?.(path);
      };
      await retry("delete files", ctx, () => target.remove([...left], ctx, gone));
    },
    removeDirs: (dirs, ctx) => retry("delete directories", ctx, () => target.removeDirs(dirs, ctx)),
    sweep: (paths, ctx) => retry("sweep temporary files", ctx, () => target.sweep(paths, ctx)),
    ...(survey && {
      survey: (known, ctx, isNoNews) => retry("list the site", ctx, () => survey(known, ctx, isNoNews)),
    }),
    ...(describe && { describe: (path, ctx) => retry(`look at ${path}`, ctx, () => describe(path, ctx)) }),
    ...(serveAs && {
      serveAs: (file, etag, ctx) => retry(`change the headers of ${file.path}`, ctx, () => serveAs(file, etag, ctx)),
    }),
    ...(stage && {
      stage: async (run, ctx, coming) =>
        retryStage(await retry("begin to stage", ctx, () => stage(run, ctx, coming)), retry),
    }),
    ...(releases && {
      releases: {
        list: (ctx) => retry("list releases", ctx, () => releases.list(ctx)),
        switchTo: (name, ctx) => retry(`switch to ${name}`, ctx, () => releases.switchTo(name, ctx)),
        // Carrying it out is not tried again: a person asked for its steps, and looks at what is left of them first.
        conversion: (ctx) => retry("look at the document root", ctx, () => releases.conversion(ctx)),
      },
    }),
  };
}

function retryState(state: StateStore, retry: Retry): StateStore {
  /** The record the lock is held with: tells, when an answer was lost, whose the lock is now. */
  let held: Uint8Array | undefined;

  async function isHeldWith(owner: Uint8Array, ctx: Ctx): Promise<boolean> {
    const record = await state.readLock(ctx);
    return record !== undefined && Buffer.compare(record, owner) === 0;
  }

  return {
    ...state,
    read: (name, ctx) => retry(`read state ${name}`, ctx, () => state.read(name, ctx)),
    write: (name, content, ctx, mayReplace) =>
      retry(`write state ${name}`, ctx, () => state.write(name, content, ctx, mayReplace)),
    remove: (names, ctx) => retry("remove state", ctx, () => state.remove(names, ctx)),
    list: (ctx) => retry("list state", ctx, () => state.list(ctx)),
    readLock: (ctx) => retry("read the lock", ctx, () => state.readLock(ctx)),
    takeLock: (owner, ctx) =>
      retry("take the lock", ctx, async (attempt) => {
        const taken = (await state.takeLock(owner, ctx)) || (attempt > 1 && (await isHeldWith(owner, ctx)));
        if (taken) held = owner;
        return taken;
      }),
    writeLock: (owner, ctx) =>
      retry("renew the lock", ctx, async () => {
        await state.writeLock(owner, ctx);
        held = owner;
      }),
    dropLock: (ctx) =>
      retry("give the lock up", ctx, async (attempt) => {
        // The first attempt may have worked, and the lock may be somebody else's by now.
        if (attempt > 1 && held !== undefined && !(await isHeldWith(held, ctx))) return;
        await state.dropLock(ctx);
        held = undefined;
      }),
  };
}

async function sleep(ms: number, { clock, signal }: Ctx): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
