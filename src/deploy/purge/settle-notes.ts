import type { Ctx } from "../../core/context.ts";
import { encodePurgeNote, isEmptyScope, joinScopes, type PurgeScope } from "../../core/purge-note.ts";
import { toSmartsyncError } from "../../lib/errors.ts";
import type { StateStore } from "../../targets/target.ts";
import type { OpenedCdn } from "./open-cdns.ts";
import { type FoundNote, noteName } from "./purge-notes.ts";

/** What can't be written down within this long is left to the next run: it purges what need not be purged any more. */
const SETTLE_MS = 10_000;

/** A target with notes of purges. */
export interface NotedTarget {
  readonly name: string;
  readonly state: StateStore;
  /** The notes that earlier runs left there. */
  readonly notes: readonly FoundNote[];
  /** This run wrote a note of its own, or was about to. */
  readonly owes: boolean;
}

/** What is known once purges are made. */
export interface Settlement {
  readonly run: string;
  readonly site: string;
  readonly cdns: readonly OpenedCdn[];
  /** The site's CDNs by the configuration, also those that were left alone now. */
  readonly configured: readonly string[];
  /** What each CDN has still to drop; those of which nothing was changed by this run are absent. */
  readonly left: ReadonlyMap<string, PurgeScope>;
  /** CDNs that something was asked of. */
  readonly moved: ReadonlySet<string>;
}

/** What a note says of each CDN in front of its target; a damaged one may say anything. */
export function scopesOf(target: string, { cdns }: FoundNote, known: readonly OpenedCdn[]): Map<string, PurgeScope> {
  if (cdns !== undefined) return new Map(cdns);
  return new Map(known.filter(({ targets }) => targets.includes(target)).map(({ name }) => [name, "everything"]));
}

/**
 * Leaves on a target one note of what is still to be purged, or none: what earlier runs left becomes part of it. A note
 * that can't be written or removed is a warning, since purging too much is harmless.
 */
export async function settleNotes(target: NotedTarget, settled: Settlement, ctx: Ctx): Promise<void> {
  const { name, state, notes, owes } = target;
  const { run, site, cdns, left, moved } = settled;
  if (notes.length === 0 && !owes) return;
  const noted = new Set(notes.flatMap((note) => [...scopesOf(name, note, cdns).keys()]));
  if (owes) for (const cdn of cdns) if (cdn.targets.includes(name)) noted.add(cdn.name);
  if (!owes && noted.values().every((cdn) => !moved.has(cdn) && settled.configured.includes(cdn))) return;
  const keep = [...noted].flatMap((cdn): [string, PurgeScope][] => {
    const scope = left.get(cdn) ?? foundScope(target, cdn, settled);
    return isEmptyScope(scope) ? [] : [[cdn, scope]];
  });
  const own = noteName(run);
  const old = notes.map(({ record }) => record);
  const goodbye: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(SETTLE_MS)]) };
  try {
    if (keep.length === 0) return await state.remove([own, ...old], goodbye);
    const at = new Date(ctx.clock.now()).toISOString();
    const content = keep.map(([cdn, scope]) => [cdn, scope === "everything" ? scope : [...scope]] as const);
    await state.write(own, encodePurgeNote({ format: 1, run, at, site, cdns: Object.fromEntries(content) }), goodbye);
    if (old.length > 0) await state.remove(old, goodbye);
  } catch (error) {
    const message = `could not note what has been purged: ${toSmartsyncError(error).message}`;
    const hint = "the next run purges it once more, which does no harm";
    ctx.emit({ type: "warning", target: name, code: "purge-note-kept", message, hint });
  }
}

/** What the notes on a target say of a CDN that was left alone; nothing when the configuration has it no more. */
function foundScope(target: NotedTarget, cdn: string, { configured, cdns }: Settlement): PurgeScope {
  if (!configured.includes(cdn)) return new Set();
  return joinScopes(target.notes.flatMap((note) => scopesOf(target.name, note, cdns).get(cdn) ?? []));
}
