import type { Ctx } from "../core/context.ts";
import { type BytesVerdict, type Doubt, type Identity, identityOf, isWorthDescribing } from "../core/identity.ts";
import type { RelPath } from "../core/rel-path.ts";
import { throwIfAborted } from "../lib/abort.ts";
import { forEachAtOnce } from "../lib/for-each.ts";
import type { Source } from "../site/source.ts";
import type { Target } from "../targets/target.ts";
import { compareBytes } from "./compare-bytes.ts";

/** Finds out what lies on a target where its records do not tell; those that stay unknown are left out. */
export async function identify(
  doubts: readonly Doubt[],
  target: Target,
  source: Source,
  ctx: Ctx,
): Promise<ReadonlyMap<RelPath, Identity>> {
  const found = new Map<RelPath, Identity>();
  await forEachAtOnce(doubts, target.caps.concurrency, async (doubt) => {
    throwIfAborted(ctx.signal);
    const identity = await identifyOne(doubt, target, source, ctx);
    if (identity !== undefined) found.set(doubt.there.path, identity);
  });
  return found;
}

async function identifyOne(doubt: Doubt, target: Target, source: Source, ctx: Ctx): Promise<Identity | undefined> {
  const { there, local } = doubt;
  const bytes: BytesVerdict = local === undefined ? "undecided" : await compareBytes(there, local, source);
  if (target.describe === undefined || !isWorthDescribing(doubt, bytes)) return identityOf(there, local, bytes);
  const described = await target.describe(there.path, ctx);
  // Somebody is at work there: what was just described is not what was listed.
  if (described?.etag !== there.etag) return undefined;
  const told = { ...there, ...described };
  const isNews = bytes === "undecided" && local !== undefined && there.md5 === undefined && told.md5 !== undefined;
  return identityOf(told, local, isNews ? await compareBytes(told, local, source) : bytes);
}
