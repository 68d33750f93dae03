import type { Ctx } from "../../core/context.ts";
import { isEmptyScope, joinScopes, type PurgeScope } from "../../core/purge-note.ts";
import type { PurgeResult } from "../../core/purge-result.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { PlanDeps } from "../job.ts";
import type { OpenedCdn } from "./open-cdns.ts";
import { type CdnPurge, purgeCdn } from "./purge-cdn.ts";
import { type NotedTarget, scopesOf, settleNotes } from "./settle-notes.ts";

/** A target that CDNs read from, in a run. */
export interface PurgeOrigin extends NotedTarget {
  /** Resolves when the run is through with it, well or not; never rejects. */
  readonly ended: Promise<unknown>;
  /** What visitors are to see anew of it; asked once it has ended. */
  published(): PurgeScope;
  /** Those of it that were there before and were replaced or deleted. */
  replaced(): ReadonlySet<RelPath>;
  /** What they may see anew of it, and may not; asked once it has ended. */
  doubtful(): ReadonlySet<RelPath>;
}

/** What the CDNs of a site are purged for. */
export interface SitePurge extends Pick<CdnPurge, "run" | "files" | "check"> {
  readonly site: string;
  readonly cdns: readonly OpenedCdn[];
  readonly origins: readonly PurgeOrigin[];
  /** What somebody asked for besides; undefined where nobody did. */
  readonly asked?: (opened: OpenedCdn) => PurgeScope;
}

/**
 * Purges every CDN of a site, each once the last of the targets it reads from has ended, with what earlier runs owe
 * it; then leaves on the targets a note of what is still to be done, or none. What fails is told in the results.
 */
export async function purgeAll(purge: SitePurge, deps: PlanDeps, ctx: Ctx): Promise<PurgeResult[]> {
  const { cdns, origins, run, site } = purge;
  if (cdns.length === 0) return [];
  const configured = deps.config.sites[site]?.cdns ?? [];
  warnOfUnknown(origins, cdns, configured, ctx);
  const left = new Map<string, PurgeScope>();
  const moved = new Set<string>();
  const purgeOne = async (opened: OpenedCdn): Promise<PurgeResult> => {
    const read = origins.filter(({ name }) => opened.targets.includes(name));
    await Promise.all(read.map(({ ended }) => ended));
    const found = origins.flatMap((origin) => owedTo(opened, origin, cdns));
    const published = read.map((origin) => origin.published());
    const asked = purge.asked === undefined ? [] : [purge.asked(opened)];
    const scope = joinScopes([...published, ...found.map((each) => each.scope), ...asked]);
    const runs = [...new Set(found.map((each) => each.run))].sort();
    const madeGood = runs.length > 0 ? { madeGood: runs } : {};
    const wasThere = (path: RelPath) =>
      read.some((origin) => origin.replaced().has(path)) &&
      read.every((origin) => origin.replaced().has(path) || !isIn(origin.published(), path)) &&
      !found.some((each) => isIn(each.scope, path));
    const { result, rest } = await purgeCdn({ ...purge, ...madeGood, opened, scope, wasThere }, deps, ctx);
    left.set(opened.name, joinScopes([rest, ...read.map((origin) => origin.doubtful())]));
    if (rest !== scope) moved.add(opened.name);
    ctx.emit({ type: "purge-done", result });
    return result;
  };
  const results = await Promise.all(cdns.map(purgeOne));
  if (ctx.signal.aborted) warnOfOutstanding(site, left, ctx);
  else
    await Promise.all(origins.map((origin) => settleNotes(origin, { run, site, cdns, configured, left, moved }, ctx)));
  return results;
}

function isIn(scope: PurgeScope, path: RelPath): boolean {
  return scope === "everything" || scope.has(path);
}

/** What earlier runs owe a CDN, by the notes on a target. */
export function owedTo(
  { name }: OpenedCdn,
  origin: Pick<NotedTarget, "name" | "notes">,
  cdns: readonly OpenedCdn[],
): { readonly run: string; readonly scope: PurgeScope }[] {
  return origin.notes.flatMap((note) => {
    const scope = scopesOf(origin.name, note, cdns).get(name);
    return scope === undefined ? [] : [{ run: note.run, scope }];
  });
}

function warnOfUnknown(
  origins: readonly NotedTarget[],
  cdns: readonly OpenedCdn[],
  configured: readonly string[],
  ctx: Ctx,
): void {
  const noted = origins.flatMap(({ name, notes }) => notes.flatMap((note) => [...scopesOf(name, note, cdns).keys()]));
  for (const cdn of new Set(noted.filter((name) => !configured.includes(name)))) {
    const message = `an earlier run was to purge the CDN "${cdn}", which the site has no more: that is given up`;
    ctx.emit({ type: "warning", code: "purge-dropped", message });
  }
}

function warnOfOutstanding(site: string, left: ReadonlyMap<string, PurgeScope>, ctx: Ctx): void {
  const names = [...left].filter(([, scope]) => !isEmptyScope(scope)).map(([name]) => name);
  if (names.length === 0) return;
  const message = `the run was stopped before it had purged ${names.join(", ")}: visitors may be given old pages`;
  const hint = `the next run purges it; at once: smartsync purge ${site}`;
  ctx.emit({ type: "warning", code: "purge-outstanding", message, hint });
}
