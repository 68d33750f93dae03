import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { RemoteMeta } from "../target.ts";
import type { ObjectLayout } from "./object-layout.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";

/** Stores list 1,000 keys at a time: a part of fewer is known to be whole when one page of it has come. */
const PART = 950;
/** Taking pages apart is work: more of them at once only wait for one another, and a page takes 2 MB while it is. */
const AT_ONCE = 12;

/** A part of a listing: from this key on, until before that one. */
export interface KeyRange {
  readonly from?: string;
  readonly until?: string;
}

/** Cuts a listing into parts of about a page each, where these keys are what is likely there. */
export function cutRanges(known: readonly string[]): KeyRange[] {
  const cuts: string[] = [];
  for (let at = PART; at < known.length; at += PART) cuts.push(known[at] ?? "");
  // They come in the order of JavaScript's strings, which is nearly that of their bytes.
  cuts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const borders = [undefined, ...cuts, undefined];
  return borders.slice(0, -1).map((from, at) => {
    const until = borders[at + 1];
    return { ...(from !== undefined && { from }), ...(until !== undefined && { until }) };
  });
}

/** Lists every file of the site, many parts at once where the store can; all but those that are no news. */
export async function surveyObjects(
  { store, layout }: { store: ObjectStore; layout: ObjectLayout },
  known: readonly RelPath[],
  ctx: Ctx,
  isNoNews?: Promise<(file: RemoteMeta) => boolean>,
): Promise<ReadonlyMap<RelPath, RemoteMeta>> {
  const found = new Map<RelPath, RemoteMeta>();
  const prefix = layout.keyOf("");
  const ranges = store.cutsRanges === false ? [{}] : cutRanges(known.map(layout.keyOf));
  await forEachAtOnce(ranges, AT_ONCE, async (range) => {
    for await (const page of store.list({ prefix, ...range }, ctx)) {
      const leavesOut = await isNoNews;
      for (const object of page) {
        const path = layout.pathOf(object.key);
        if (path === undefined) continue;
        const file = asRemote(path, object);
        if (!leavesOut?.(file)) found.set(path, file);
      }
    }
  });
  return found;
}

/** An object as a target tells of it. */
export function asRemote(path: RelPath, { key: _, ...object }: StoredObject): RemoteMeta {
  return { path, ...object };
}
