/** Of a longer output, this many bytes are kept of its beginning and as many of its end. */
const HALF = 8 * 1024;

/** What a command writes, kept short however much it is. */
export interface ShortOutput {
  add(chunk: Uint8Array): void;
  /** As UTF-8; where the middle was left out, a line says how much. */
  text(): string;
}

/** An output that is empty as yet. */
export function createShortOutput(): ShortOutput {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let dropped = 0;
  return {
    add(chunk) {
      const room = HALF - head.length;
      head = Buffer.concat([head, chunk.subarray(0, room)]);
      tail = Buffer.concat([tail, chunk.subarray(room)]);
      // Copied only when it has grown to twice its size, so that many small chunks cost little.
      if (tail.length > 2 * HALF) cut();
    },
    text() {
      if (tail.length > HALF) cut();
      if (dropped === 0) return Buffer.concat([head, tail]).toString();
      return `${head}\n… ${dropped.toLocaleString("en")} bytes left out …\n${tail}`;
    },
  };

  function cut(): void {
    dropped += tail.length - HALF;
    tail = Buffer.from(tail.subarray(-HALF));
  }
}
