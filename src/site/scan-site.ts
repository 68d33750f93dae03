import type { Ctx } from "../core/context.ts";
import {
  type DraftDirectory,
  describeFile,
  draftDirectory,
  knownFiles,
  type Miss,
  reachable,
} from "./draft-directory.ts";
import type { HashOutcome } from "./hash-file.ts";
import { hashFiles, type ScanWorkers } from "./hash-files.ts";
import { type Listing, setStamp } from "./listing.ts";
import { recordUpdates } from "./record-updates.ts";
import type { ScanSetup, ScanTasks } from "./scan-tasks.ts";
import { openScanThreads } from "./scan-threads.ts";
import { settle } from "./settle.ts";
import type { HashCache, ScanResult } from "./source.ts";
import { sourceChanging, sourceUnreadable } from "./source-error.ts";
import { walkTree } from "./walk-tree.ts";

/** How often a scan says how far it has come, at most. */
const PROGRESS_EVERY_MS = 200;

/** What a scan is of, and what it may remember. */
export interface ScanSubject {
  /** As it is configured, for messages. */
  readonly root: string;
  readonly setup: ScanSetup;
  readonly tasks: ScanTasks;
  readonly settleSeconds: number;
  readonly cache: HashCache;
  readonly cacheKey: string;
}

/** Walks the site once it is quiet, reads what is not remembered as it is now, and remembers it. */
export async function scanSite(subject: ScanSubject, ctx: Ctx): Promise<ScanResult> {
  const { root, setup, tasks, settleSeconds, cache, cacheKey } = subject;
  await using threads = openScanThreads(setup, ctx.signal);
  const progress = throttleProgress(ctx);
  const draft = (listing: Listing) => draftDirectory(listing, cache.find(cacheKey, listing.path));
  const workers = { tasks, threads };
  const walk = () => walkTree(root, setup.realRoot, workers, draft, (files) => progress(files, 0), ctx);
  const tree = await settle(walk, settleSeconds, root, ctx);
  const directories = reachable(tree);
  throwAny(
    directories.flatMap(({ listing }) => listing.unreadable),
    (entries) => sourceUnreadable(root, entries),
  );
  const hashedAt = ctx.clock.now();
  const misses = directories.flatMap((directory) => directory.misses.map((miss) => ({ ...miss, directory })));
  try {
    await hashMisses(misses, root, workers, (bytes) => progress(misses.length, bytes), ctx);
  } finally {
    // Also when it is ended half way: what was read once is not read again.
    const updates = recordUpdates(directories, cache.directories(cacheKey), hashedAt);
    if (updates) cache.update(cacheKey, updates.put, updates.gone);
  }
  const problems = directories.flatMap(({ listing }) => listing.problems);
  return { snapshot: { files: knownFiles(tree) }, problems, hashed: misses.length };
}

async function hashMisses(
  misses: readonly (Miss & { readonly directory: DraftDirectory })[],
  root: string,
  workers: ScanWorkers,
  progress: (bytes: number) => void,
  ctx: Ctx,
): Promise<void> {
  const unreadable: string[] = [];
  const changing: string[] = [];
  let bytes = 0;
  await hashFiles(misses, workers, ctx, (miss, outcome) => {
    if (outcome.status === "hashed") fill(miss, outcome);
    if (outcome.status === "unreadable") unreadable.push(`${miss.path} (${outcome.reason})`);
    if (outcome.status === "changing") changing.push(miss.path);
    bytes += miss.size;
    progress(bytes);
  });
  throwAny(unreadable, (entries) => sourceUnreadable(root, entries));
  throwAny(changing, (paths) => sourceChanging(root, paths));
}

function fill(
  { path, index, directory }: Miss & { readonly directory: DraftDirectory },
  outcome: Extract<HashOutcome, { status: "hashed" }>,
): void {
  directory.files[index] = describeFile(path, outcome.stamp, outcome);
  // It may have been replaced since it was listed: what counts is what was read.
  setStamp(directory.listing.stamps, index, outcome.stamp);
}

function throwAny(entries: readonly string[], toError: (entries: readonly string[]) => Error): void {
  if (entries.length > 0) throw toError(entries);
}

/** Tells how many files were found, or are being read, and how many bytes of them were read. */
function throttleProgress(ctx: Ctx): (files: number, bytes: number) => void {
  let toldAt = ctx.clock.now();
  return (files, bytes) => {
    if (ctx.clock.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = ctx.clock.now();
    ctx.emit({ type: "scan-progress", files, bytes });
  };
}
