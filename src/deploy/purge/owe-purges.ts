import { pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import { encodePurgeNote } from "../../core/purge-note.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { PlannedTarget } from "../prepare.ts";
import type { OpenedCdn } from "./open-cdns.ts";
import type { PurgeOrigin } from "./purge-all.ts";
import { type FoundNote, noteName } from "./purge-notes.ts";
import type { Tracker } from "./track-published.ts";

/**
 * Gives each target that something is going to change on the note of what CDNs will have to drop, should this be the
 * last that is heard of the run. Each names what is planned for all the targets that a CDN reads from: any of them
 * tells enough.
 */
export function owePurges<T extends PlannedTarget>(
  targets: readonly T[],
  cdns: readonly OpenedCdn[],
  { run, site }: { readonly run: string; readonly site: string },
  ctx: Ctx,
): T[] {
  const at = new Date(ctx.clock.now()).toISOString();
  const due = cdns.map(({ name, targets: read }) => {
    const paths = targets.filter((target) => read.includes(target.name)).flatMap(({ plan }) => pathsOf(plan));
    return { name, read, paths: [...new Set(paths)] };
  });
  return targets.map((target) => {
    const own = due.filter(({ read, paths }) => read.includes(target.name) && paths.length > 0);
    if (own.length === 0) return target;
    const content = Object.fromEntries(own.map(({ name, paths }) => [name, paths]));
    return {
      ...target,
      owes: { record: noteName(run), content: encodePurgeNote({ format: 1, run, at, site, cdns: content }) },
    };
  });
}

/** Every path that a plan is going to change. */
export function pathsOf({ phases }: PlannedTarget["plan"]): RelPath[] {
  return phases.flatMap(({ changes }) => changes.map(pathOf));
}

/** A target as CDNs see it in a run: `ends` says when the run is through with those that it changes. */
export function originOf(
  { name, target, owes, notes }: PlannedTarget & { readonly notes: readonly FoundNote[] },
  ends: ReadonlyMap<string, Promise<unknown>>,
  tracker: Tracker,
): PurgeOrigin {
  const ended = Promise.resolve(ends.get(name)).catch(() => undefined);
  const { published, replaced, doubtful } = tracker.of(name);
  const news = { published: () => published, replaced: () => replaced, doubtful };
  return { name, state: target.state, notes, owes: owes !== undefined, ended, ...news };
}
