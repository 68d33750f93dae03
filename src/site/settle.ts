import { createHash } from "node:crypto";
import type { Ctx } from "../core/context.ts";
import { type Listing, STAMP_FIELDS, stampAt } from "./listing.ts";
import { sourceUnsettled } from "./source-error.ts";

/** A rebuild may take long, but not for ever: given up after ten minutes, or twice the quiet time where that is more. */
const PATIENCE_MS = 600_000;
/** Between two looks at the tree. */
const SHORTEST_PAUSE_MS = 200;

type Tree = ReadonlyMap<string, { readonly listing: Listing }>;

/**
 * Walks the tree until nothing in it has changed for so many seconds, and gives the last walk. It goes by the newest
 * change time in the tree, so a quiet one costs no waiting; and by what it sees itself, where the file system's clock
 * is ahead of this machine's. Throws "source-unsettled".
 */
export async function settle<T extends Tree>(
  walk: () => Promise<T>,
  seconds: number,
  root: string,
  ctx: Ctx,
): Promise<T> {
  const needed = seconds * 1000;
  const startedAt = ctx.clock.now();
  let seen = "";
  let sameSince = startedAt;
  for (;;) {
    const lookedAt = ctx.clock.now();
    const tree = await walk();
    if (needed === 0) return tree;
    const now = fingerprint(tree);
    const quietFor = Math.max(lookedAt - newestChange(tree), now === seen ? lookedAt - sameSince : 0);
    if (quietFor >= needed) return tree;
    if (now !== seen) sameSince = ctx.clock.now();
    seen = now;
    const waited = lookedAt - startedAt;
    if (waited >= Math.max(PATIENCE_MS, 2 * needed)) throw sourceUnsettled(root, seconds, waited / 1000);
    ctx.emit({ type: "settling", quietFor: Math.max(0, quietFor) / 1000, needed: seconds });
    await ctx.clock.sleep(Math.max(SHORTEST_PAUSE_MS, needed - Math.max(0, quietFor)), ctx.signal);
  }
}

function newestChange(tree: Tree): number {
  let newest = 0;
  for (const { listing } of tree.values()) {
    const { changedMs, stamps } = listing;
    newest = Math.max(newest, changedMs);
    for (let index = 0; index * STAMP_FIELDS < stamps.length; index++) {
      newest = Math.max(newest, stampAt(stamps, index).ctimeMs);
    }
  }
  return newest;
}

function fingerprint(tree: Tree): string {
  const hash = createHash("sha256");
  for (const path of [...tree.keys()].sort()) {
    const listing = tree.get(path)?.listing;
    if (listing === undefined) continue;
    hash.update(`${path}\0${listing.changedMs}\0${listing.names}\0`).update(Float64Array.from(listing.stamps));
  }
  return hash.digest("hex");
}
