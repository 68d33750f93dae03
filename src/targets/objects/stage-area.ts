import { randomBytes } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import type { ObjectStore } from "./object-store.ts";
import { clearLeftovers } from "./stage-leftovers.ts";
import { encodeNote, noteName } from "./stage-note.ts";

/** Notes are written this often at most: what is held meanwhile is not found again when the run is killed. */
const NOTE_EVERY_MS = 200;

/** Where a delivery is staged: below smartsync's own prefix, under names that no visitor can guess. */
export interface StageArea {
  /** A key that nothing has, of this stage. */
  freeKey(): string;
  /** Notes that bytes will be held for these keys, so that the next stage can drop them when this run is killed. */
  note(key: string, ctx: Ctx): void;
  /** Resolves when everything that was noted is written down. */
  settle(ctx: Ctx): Promise<void>;
  /** Takes these objects of the area away, and the notes: the stage is at its end. */
  remove(keys: readonly string[], ctx: Ctx): Promise<void>;
}

/** Opens an area below the prefix, after taking away what killed runs left there. */
export async function openStageArea(store: ObjectStore, prefix: string, ctx: Ctx): Promise<StageArea> {
  throwIfAborted(ctx.signal);
  await clearLeftovers(store, prefix, ctx);
  const area = `${prefix}${randomBytes(16).toString("hex")}/`;
  const at = ctx.clock.now();
  const notes: string[] = [];
  let noted: string[] = [];
  let numbers = 0;
  let writing: Promise<void> | undefined;
  let isResting = false;

  async function write(writeCtx: Ctx): Promise<void> {
    const keys = noted;
    noted = [];
    const name = area + noteName(notes.length);
    notes.push(name);
    try {
      await store.put(name, encodeNote({ at, keys }), {}, writeCtx);
    } catch (error) {
      noted = [...keys, ...noted];
      throw error;
    }
  }

  /** Writes now and again what was noted; whether that was possible is told by `settle`, before anything is published. */
  async function keepWriting(noteCtx: Ctx): Promise<void> {
    if (isResting || noted.length === 0) return;
    isResting = true;
    writing = write(noteCtx);
    const rest = noteCtx.clock.sleep(NOTE_EVERY_MS, noteCtx.signal);
    const [, rested] = await Promise.allSettled([writing, rest]);
    isResting = false;
    if (rested.status === "fulfilled") await keepWriting(noteCtx);
  }

  return {
    freeKey: () => `${area}${++numbers}`,
    note(key, noteCtx) {
      noted.push(key);
      void keepWriting(noteCtx);
    },
    async settle(settleCtx) {
      await Promise.allSettled([writing]);
      if (noted.length > 0) await write(settleCtx);
    },
    async remove(keys, removeCtx) {
      noted = [];
      await Promise.allSettled([writing]);
      await store.remove([...keys, ...notes], removeCtx);
    },
  };
}
