import type { Ctx } from "../core/context.ts";
import type { ScanWorkers } from "./hash-files.ts";
import type { Listing, PendingDir } from "./listing.ts";
import type { Walked } from "./scan-tasks.ts";
import { sourceChanging, sourceMissing } from "./source-error.ts";

/** A small site is walked before a thread would have started. */
const INLINE_FILES = 2_000;
/** What a thread walks before it gives back what is left, so that no thread runs dry while another has much to do. */
const PIECE_FILES = 1_000;
/** Pieces handed out for each thread: it starts the next one while this thread is busy with something else. */
const AHEAD = 2;
/** How often, and after what pause, directories are listed again in which one went away. */
const STALE_ROUNDS = 3;
const STALE_PAUSE_MS = 200;

/**
 * Lists every directory of the site and makes of each listing what `draft` makes of it, by path: a small site here, a
 * large one on many threads at once. `found` is told how many files were found so far. Throws "source-missing" and
 * "source-changing".
 */
export async function walkTree<Draft>(
  root: string,
  realRoot: string,
  workers: ScanWorkers,
  draft: (listing: Listing) => Draft,
  found: (files: number) => void,
  ctx: Ctx,
): Promise<Map<string, Draft>> {
  const tree = new Map<string, Draft>();
  let files = 0;
  const accept = (walked: Walked) => {
    // A directory that is listed again takes the place of its first listing.
    for (const listing of walked.listings) tree.set(listing.path, draft(listing));
    files += walked.files;
    found(files);
  };
  let dirs: readonly PendingDir[] = [{ path: "", real: realRoot, above: null }];
  for (let round = 1; ; round++) {
    dirs = await walkAll(dirs, workers, accept);
    ctx.signal.throwIfAborted();
    if (dirs.length === 0) return tree;
    if (round > STALE_ROUNDS) break;
    await ctx.clock.sleep(STALE_PAUSE_MS, ctx.signal);
  }
  if (tree.size === 0) throw sourceMissing(root, "nothing");
  throw sourceChanging(
    root,
    dirs.map(({ path }) => `${path}/`),
  );
}

/** Walks these directories and all below; gives those that have to be listed again, each once. */
async function walkAll(
  dirs: readonly PendingDir[],
  { tasks, threads }: ScanWorkers,
  accept: (walked: Walked) => void,
): Promise<PendingDir[]> {
  const stale = new Map<string, PendingDir>();
  const queue: PendingDir[] = [];
  const running = new Set<Promise<void>>();
  const collect = (walked: Walked) => {
    queue.push(...walked.rest);
    for (const dir of walked.stale) stale.set(dir.path, dir);
    handOut();
    accept(walked);
  };
  const handOut = () => {
    const pieces = threads.count * AHEAD;
    while (queue.length > 0 && running.size < pieces) {
      const piece = { dirs: queue.splice(0, Math.ceil(queue.length / pieces)), budget: PIECE_FILES };
      const walking: Promise<void> = threads.walk(piece).then((walked) => {
        running.delete(walking);
        collect(walked);
      });
      running.add(walking);
    }
  };
  collect(tasks.walk({ dirs, budget: INLINE_FILES }));
  while (running.size > 0) await Promise.race(running);
  return [...stale.values()];
}
