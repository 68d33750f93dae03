import { randomBytes } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import type { ObjectStore } from "./object-store.ts";
import { clearLeftovers } from "./stage-leftovers.ts";
import { encodeNote, noteName } from "./stage-note.ts";

/** Where a delivery is staged: below smartsync's own prefix, under names that no visitor can guess. */
export interface StageArea {
  /** A key that nothing has, of this stage. */
  freeKey(): string;
  /** Writes down that bytes are going to be held for these keys: the next stage drops them when this run is killed. */
  note(keys: readonly string[], ctx: Ctx): Promise<void>;
  /** Takes these objects of the area away, and the notes: the stage is at its end. */
  remove(keys: readonly string[], ctx: Ctx): Promise<void>;
}

/** Opens an area below the prefix, after taking away what killed runs left there. */
export async function openStageArea(store: ObjectStore, prefix: string, ctx: Ctx): Promise<StageArea> {
  throwIfAborted(ctx.signal);
  await clearLeftovers(store, prefix, ctx);
  const area = `${prefix}${randomBytes(16).toString("hex")}/`;
  const at = ctx.clock.now();
  const noted = new Set<string>();
  const notes: string[] = [];
  let numbers = 0;

  return {
    freeKey: () => `${area}${++numbers}`,
    async note(keys, noteCtx) {
      const news = keys.filter((key) => !noted.has(key));
      if (news.length === 0) return;
      const name = area + noteName(notes.length);
      notes.push(name);
      await store.put(name, encodeNote({ at, keys: news }), {}, noteCtx);
      for (const key of news) noted.add(key);
    },
    remove: (keys, removeCtx) => store.remove([...keys, ...notes], removeCtx),
  };
}
