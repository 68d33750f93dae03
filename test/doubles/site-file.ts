import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { parseRelPath, type RelPath } from "../../src/core/rel-path.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";

/** The text as a RelPath; throws when it is none. */
export function relPath(text: string): RelPath {
  const path = parseRelPath(text);
  if (path === undefined) throw new Error(`not a relative path: ${JSON.stringify(text)}`);
  return path;
}

/** What a scan would say of a file with this content. */
export function metaOf(path: string, content: Uint8Array, more: Partial<FileMeta> = {}): FileMeta {
  return {
    path: relPath(path),
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    mtimeMs: Date.UTC(2026, 1, 3, 4, 5, 6),
    mode: 0o644,
    ...more,
  };
}

/** A body factory that gives these bytes, a fresh stream each time, in pieces of 64 KiB. */
export function bodyOf(content: Uint8Array): () => Readable {
  return () => Readable.from(pieces(content), { objectMode: false });
}

/** A body that gives these bytes and then, instead of ending, fails with the error. */
export function failingBody(content: Uint8Array, error: Error): () => Readable {
  async function* broken() {
    yield* pieces(content);
    // Let the bytes reach the server before the stream turns out to be bad.
    await delay(50);
    throw error;
  }
  return () => Readable.from(broken(), { objectMode: false });
}

/** A body that takes about so long from first to last byte. */
export function slowBody(content: Uint8Array, ms: number): () => Readable {
  async function* slow() {
    const chunks = [...pieces(content)];
    for (const chunk of chunks) {
      yield chunk;
      await delay(ms / chunks.length);
    }
  }
  return () => Readable.from(slow(), { objectMode: false });
}

/** A body that gives these bytes and then nothing more, without ever ending. */
export function stalledBody(content: Uint8Array): () => Readable {
  return () => {
    const stream = new Readable({ read() {} });
    for (const piece of pieces(content)) stream.push(piece);
    return stream;
  };
}

/** Bytes that look random and are the same for the same seed. */
export function bytes(length: number, seed = 1): Uint8Array {
  const content = new Uint8Array(length);
  let x = seed * 2_654_435_761;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    content[i] = x >>> 24;
  }
  return content;
}

function* pieces(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}
