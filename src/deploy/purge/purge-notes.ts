import type { Ctx } from "../../core/context.ts";
import { type PurgeScope, parsePurgeNote } from "../../core/purge-note.ts";
import type { StateStore } from "../../targets/target.ts";
import { isAtWork } from "../lock.ts";
import { parseOwner } from "../lock-owner.ts";

/** A note of purges that a run owes, as it was found on a target. */
export interface FoundNote {
  /** The name of its record. */
  readonly record: string;
  readonly run: string;
  /** What each CDN is to drop; undefined when the note is damaged: everything, then, since too much is harmless. */
  readonly cdns: ReadonlyMap<string, PurgeScope> | undefined;
}

const NOTE = /^purge-(.+)\.gz$/;

/** The name of a run's note on its targets. */
export function noteName(run: string): string {
  return `purge-${run}.gz`;
}

/**
 * The notes that lie on a target, but for that of a run which is at work there: that one's purge is still to come. A
 * note is written while the target is locked; where it lies on a target that is not, its run is through with it, or dead.
 */
export async function readPurgeNotes(target: string, state: StateStore, ctx: Ctx): Promise<FoundNote[]> {
  const records = (await state.list(ctx)).filter((name) => NOTE.test(name));
  if (records.length === 0) return [];
  const lock = await state.readLock(ctx);
  const owner = lock && parseOwner(lock);
  const busy = owner && isAtWork(owner, ctx.clock.now()) ? owner.run : undefined;
  const found = await Promise.all(
    records.map(async (record): Promise<FoundNote[]> => {
      const run = NOTE.exec(record)?.[1] ?? "";
      if (run === busy) return [];
      const content = await state.read(record, ctx);
      return content === undefined ? [] : [{ record, run, cdns: understand(target, record, content, ctx) }];
    }),
  );
  return found.flat();
}

function understand(target: string, record: string, content: Uint8Array, ctx: Ctx): FoundNote["cdns"] {
  try {
    const entries = Object.entries(parsePurgeNote(content).cdns);
    return new Map(entries.map(([cdn, paths]) => [cdn, paths === "everything" ? paths : new Set(paths)]));
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    const message = `the note of what is still to be purged, ${record}, can't be understood: ${why}`;
    const hint = "everything is purged instead";
    ctx.emit({ type: "warning", target, code: "purge-note-damaged", message, hint });
    return undefined;
  }
}
