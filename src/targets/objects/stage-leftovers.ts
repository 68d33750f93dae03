import type { Ctx } from "../../core/context.ts";
import type { ObjectStore } from "./object-store.ts";
import { isNote, parseNote } from "./stage-note.ts";

/** A store's clock and this machine's differ by less: more, and the store refuses every request. */
const CLOCKS_DIFFER_MS = 15 * 60_000;

/** Takes away what stages of killed runs left below this prefix, and what they held. */
export async function clearLeftovers(store: ObjectStore, prefix: string, ctx: Ctx): Promise<void> {
  const keys = (await Array.fromAsync(store.list({ prefix }, ctx))).flatMap((page) => page.map(({ key }) => key));
  const notes = keys.filter(isNote);
  if (notes.length > 0) await dropNoted(store, notes, ctx);
  const others = keys.filter((key) => !isNote(key));
  if (others.length > 0) await store.remove(others, ctx);
  // Last, so that a run that is killed here leaves them to the next one.
  if (notes.length > 0) await store.remove(notes, ctx);
}

async function dropNoted(store: ObjectStore, notes: readonly string[], ctx: Ctx): Promise<void> {
  const records = await Promise.all(notes.map((note) => store.get(note, ctx)));
  const read = records.flatMap((record) => (record ? [parseNote(record.content)] : []));
  const since = Math.min(...read.map(({ at }) => at)) - CLOCKS_DIFFER_MS;
  await store.dropHeld(new Set(read.flatMap(({ keys }) => keys)), since, ctx);
}
