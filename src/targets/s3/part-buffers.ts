import type { Readable } from "node:stream";

/** So many buffers of a size, lent to whoever reads a part into one: memory for parts is this, however many files there are. */
export interface PartBuffers {
  /** Resolves with a buffer when one is free; whoever asks first gets one first. */
  take(): Promise<Buffer>;
  give(buffer: Buffer): void;
}

/** Buffers that are made when they are first needed, and used again: new ones would be garbage for a while. */
export function createPartBuffers(count: number, bytes: number): PartBuffers {
  const free: Buffer[] = [];
  const waiting: ((buffer: Buffer) => void)[] = [];
  let made = 0;
  return {
    async take() {
      const kept = free.pop();
      if (kept !== undefined) return kept;
      if (made++ < count) return Buffer.allocUnsafeSlow(bytes);
      return new Promise((resolve) => waiting.push(resolve));
    },
    give(buffer) {
      const next = waiting.shift();
      if (next === undefined) free.push(buffer);
      else next(buffer);
    },
  };
}

/** Reads a body piece by piece: each call fills the buffer as far as the body goes, and gives how far that was. */
export function partReader(body: Readable): (buffer: Buffer) => Promise<number> {
  const chunks = body[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (buffer) => {
    let filled = 0;
    for (;;) {
      const taken = rest.copy(buffer, filled);
      filled += taken;
      rest = rest.subarray(taken);
      if (filled === buffer.length) return filled;
      const { done, value } = await chunks.next();
      if (done) return filled;
      rest = Buffer.isBuffer(value) ? value : Buffer.from(value);
    }
  };
}
