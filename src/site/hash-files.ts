import type { Ctx } from "../core/context.ts";
import type { HashOutcome } from "./hash-file.ts";
import type { ScanTasks } from "./scan-tasks.ts";
import type { ScanThreads } from "./scan-threads.ts";

/** Less than this is hashed before a thread would have started. */
const INLINE_FILES = 256;
const INLINE_BYTES = 8 << 20;
/** What a thread is given at a time. */
const PIECE_FILES = 256;
const PIECE_BYTES = 32 << 20;
/** How often, and after what pause, files are read again that were being written to or had just gone. */
const ROUNDS = 4;
const PAUSE_MS = 250;

/** Who does the work of a scan: this thread where it is little, others where it is much. */
export interface ScanWorkers {
  readonly tasks: ScanTasks;
  readonly threads: ScanThreads;
}

/** A file to be hashed. */
export interface ToHash {
  readonly path: string;
  /** About how many bytes that is; decides where the work is done. */
  readonly size: number;
}

/**
 * Hashes files on as many threads as the work is worth, and calls `settle` for each as its outcome is known. "gone"
 * and "changing" are final only after several looks.
 */
export async function hashFiles<File extends ToHash>(
  files: readonly File[],
  { tasks, threads }: ScanWorkers,
  ctx: Ctx,
  settle: (file: File, outcome: HashOutcome) => void,
): Promise<void> {
  let pending = files;
  for (let round = 1; pending.length > 0; round++) {
    const again: File[] = [];
    const accept = (piece: readonly File[], outcomes: readonly HashOutcome[]) => {
      for (const [index, file] of piece.entries()) {
        const outcome = outcomes[index] ?? { status: "gone" };
        const passing = outcome.status === "gone" || outcome.status === "changing";
        if (passing && round < ROUNDS) again.push(file);
        else settle(file, outcome);
      }
    };
    if (isLittle(pending)) accept(pending, tasks.hash(pending.map(({ path }) => path)));
    else await spread(split(pending), threads, accept);
    ctx.signal.throwIfAborted();
    if (again.length > 0) await ctx.clock.sleep(PAUSE_MS, ctx.signal);
    pending = again;
  }
}

async function spread<File extends ToHash>(
  pieces: Iterator<File[]> & Iterable<File[]>,
  threads: ScanThreads,
  accept: (piece: readonly File[], outcomes: readonly HashOutcome[]) => void,
): Promise<void> {
  const work = async () => {
    for (const piece of pieces) accept(piece, await threads.hash(piece.map(({ path }) => path)));
  };
  await Promise.all(Array.from({ length: threads.count }, work));
}

function isLittle(files: readonly ToHash[]): boolean {
  return files.length <= INLINE_FILES && files.reduce((bytes, { size }) => bytes + size, 0) <= INLINE_BYTES;
}

function* split<File extends ToHash>(files: readonly File[]): Generator<File[], void, void> {
  let piece: File[] = [];
  let bytes = 0;
  for (const file of files) {
    piece.push(file);
    bytes += file.size;
    if (piece.length < PIECE_FILES && bytes < PIECE_BYTES) continue;
    yield piece;
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield piece;
}
