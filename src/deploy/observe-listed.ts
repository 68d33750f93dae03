import type { Ctx } from "../core/context.ts";
import { compareListing, isAsRecorded, reconcile } from "../core/reconcile.ts";
import type { RelPath } from "../core/rel-path.ts";
import { atOnce } from "../lib/at-once.ts";
import type { RemoteMeta, Target } from "../targets/target.ts";
import { identify } from "./identify.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { hasMoved, MAX_READS, type Observed, observe } from "./observe.ts";
import type { SiteView } from "./site-views.ts";

/** A target that can be listed on every run. */
export type ListedTarget = Target & Required<Pick<Target, "survey">>;

/**
 * Finds out what a target holds from its own records and from a listing of all of it, read at the same time. What they
 * do not agree on is identified by what the target tells of it; nothing is downloaded. Throws rather than guess, as
 * `observe` does: a listing that fails is not an empty one.
 */
export async function observeListed(
  target: ListedTarget,
  cache: ManifestCache,
  { source, scan }: SiteView,
  ctx: Ctx,
): Promise<Observed> {
  for (let read = 1; ; read++) {
    const { records, listed, settled } = await readBoth(target, cache, scan, ctx);
    const { snapshot: local } = await scan;
    const { snapshot } = records;
    const comparison = compareListing(snapshot.files, listed, local.files, settled);
    const isSame = comparison.doubts.length + comparison.gone.length === 0;
    // Somebody may have delivered between the two; then they are of different moments.
    if (!isSame && read < MAX_READS && (await hasMoved(target, records, ctx))) continue;
    const identities = await identify(comparison.doubts, target, source, ctx);
    const { files, mark, ...found } = reconcile(comparison, identities);
    const state = mark === "" ? snapshot.state : `${snapshot.state}~${mark}`;
    return { ...records, snapshot: { files, state }, found };
  }
}

/** A target's records, and its listing but for the files that are as recorded: of those there are only the paths. */
interface Both {
  readonly records: Observed;
  readonly listed: ReadonlyMap<RelPath, RemoteMeta>;
  readonly settled: ReadonlySet<RelPath>;
}

async function readBoth(target: ListedTarget, cache: ManifestCache, scan: SiteView["scan"], ctx: Ctx): Promise<Both> {
  const records = Promise.withResolvers<Observed>();
  // Whoever waits for it hears of a failure from `atOnce`.
  records.promise.catch(() => undefined);
  const settled = new Set<RelPath>();
  const settle = records.promise.then(({ snapshot: { files } }) => (there: RemoteMeta) => {
    const file = files.get(there.path);
    if (file === undefined || !isAsRecorded(file, there)) return false;
    settled.add(file.path);
    return true;
  });
  settle.catch(() => undefined);
  const listed = await atOnce(
    ctx.signal,
    async (signal) => target.survey(await likelyPaths(cache, records.promise, scan), { ...ctx, signal }, settle),
    async (signal) => {
      try {
        records.resolve(await observe(target, cache, { ...ctx, signal }));
      } catch (error) {
        records.reject(error);
        throw error;
      }
    },
  );
  return { records: await records.promise, listed, settled };
}

/** What the target will list, as far as this machine can tell: from the manifest seen last, the records, or the site. */
async function likelyPaths(
  cache: ManifestCache,
  records: Promise<Observed>,
  scan: SiteView["scan"],
): Promise<readonly RelPath[]> {
  const kept = cache.get();
  if (kept !== undefined) return [...kept.keys()];
  const { files } = (await records).snapshot;
  return [...(files.size > 0 ? files : (await scan).snapshot.files).keys()];
}
