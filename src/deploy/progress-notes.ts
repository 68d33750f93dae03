import type { Ctx } from "../core/context.ts";
import { encodeProgress, type ProgressEntry } from "../core/target-records.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { StateStore } from "../targets/target.ts";
import { recordName } from "./observe.ts";

/** What is finished is written down on the target this often, so that no crash loses more. */
const CHECKPOINT_MS = 2_000;

/** What a delivery has done so far, written down on its target from time to time. */
export interface ProgressNotes {
  /** The names of the records written so far. */
  readonly records: readonly string[];
  /** Writes down every two seconds from now on what was added. */
  begin(): void;
  add(entry: ProgressEntry): void;
  /** Ends that; resolves when nothing is being written any more. */
  stop(): Promise<void>;
  /** Writes down what is not yet. */
  save(ctx: Ctx): Promise<void>;
  /** Stops, and takes back all that was said. */
  withdraw(ctx: Ctx): Promise<void>;
}

/** Notes the progress of a run; nothing is written before it has begun. */
export function noteProgress(state: StateStore, run: string, ctx: Ctx): ProgressNotes {
  const records: string[] = [];
  const stopped = new AbortController();
  let pending: ProgressEntry[] = [];
  let writing = Promise.resolve();

  async function keepWriting(): Promise<void> {
    const signal = AbortSignal.any([ctx.signal, stopped.signal]);
    while (!signal.aborted) {
      try {
        await ctx.clock.sleep(CHECKPOINT_MS, signal);
        await save({ ...ctx, signal });
      } catch (error) {
        if (signal.aborted) return;
        const message = `could not note the progress: ${toSmartsyncError(error).message}`;
        ctx.emit({ type: "warning", code: "progress-not-saved", message });
      }
    }
  }

  async function save(saveCtx: Ctx): Promise<void> {
    if (pending.length === 0) return;
    const done = pending;
    pending = [];
    const name = recordName("progress", run, records.length);
    records.push(name);
    try {
      await state.write(name, encodeProgress({ format: 1, run, done }), saveCtx);
    } catch (error) {
      pending = [...done, ...pending];
      throw error;
    }
  }

  function stop(): Promise<void> {
    stopped.abort();
    return writing;
  }

  return {
    records,
    begin() {
      writing = keepWriting();
    },
    add: (entry) => void pending.push(entry),
    stop,
    save,
    async withdraw(withdrawCtx) {
      await stop();
      pending = [];
      if (records.length > 0) await state.remove(records, withdrawCtx);
    },
  };
}
