import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { createByteBudget } from "../../lib/byte-budget.ts";
import { collectBody } from "./collect-body.ts";

/** So many bytes of files are in memory at once, whatever a store likes to have in flight. */
const IN_MEMORY = 64 << 20;
/** Files below this count for nothing: as many as any store likes at once are little. */
const COUNTS_FROM = 256 << 10;
/** What a file sent in parts counts: a store keeps several parts of it at once. */
const OF_LARGE = IN_MEMORY / 2;

/** What a file's bytes are sent with: whole when they are few, else as a stream. */
export interface Sender<T> {
  whole(content: Uint8Array): Promise<T>;
  stream(content: Readable): Promise<T>;
}

/** Reads files on their way to a store, with memory that grows neither with their number nor with their length. */
export interface Bodies {
  read<T>(file: FileMeta, body: () => Readable, ctx: Ctx, sender: Sender<T>): Promise<T>;
}

/** `largeFrom`: files from this size on are sent as streams. It is of uncompressed bytes: compressed ones are fewer. */
export function createBodies(largeFrom: number): Bodies {
  const budget = createByteBudget(IN_MEMORY);

  async function within<T>(bytes: number, { signal }: Ctx, work: () => Promise<T>): Promise<T> {
    await budget.take(bytes);
    try {
      throwIfAborted(signal);
      return await work();
    } finally {
      budget.give(bytes);
    }
  }

  async function collect<T>(body: () => Readable, { signal }: Ctx, { whole }: Sender<T>): Promise<T> {
    return whole(await collectBody(body(), signal));
  }

  return {
    async read(file, body, ctx, sender) {
      throwIfAborted(ctx.signal);
      if (file.size < Math.min(COUNTS_FROM, largeFrom)) return collect(body, ctx, sender);
      if (file.size < largeFrom) return within(file.size, ctx, () => collect(body, ctx, sender));
      return within(OF_LARGE, ctx, () => sender.stream(body()));
    },
  };
}
