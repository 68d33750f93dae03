import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { READ_FLAGS } from "./hash-file.ts";
import type { UrlRewriter } from "./rewrite-urls.ts";

/** Up to this size a file is small: four trips through the thread pool cost ten times more than the reading. */
const SMALL_BYTES = 64 << 10;
/** A file up to this size is read in one piece. */
const CHUNK_BYTES = 256 << 10;

/** The delivered bytes of a file. The file is opened when the stream is first read, and closed however it ends. */
export function readDelivered(path: string, rewriter: UrlRewriter | undefined): Readable {
  const chunks = readChunks(path);
  return Readable.from(rewriter === undefined ? chunks : rewriteChunks(chunks, rewriter), { objectMode: false });
}

/** The delivered bytes of a small file, read on the spot; undefined when it is larger. */
export function readSmall(path: string, rewriter: UrlRewriter | undefined): Uint8Array | undefined {
  const file = openSync(path, READ_FLAGS);
  try {
    const { size } = fstatSync(file);
    if (size > SMALL_BYTES) return undefined;
    const buffer = Buffer.allocUnsafe(size + 1);
    const content = buffer.subarray(0, readSync(file, buffer));
    return rewriter === undefined ? content : Buffer.concat([rewriter.push(content), rewriter.end()]);
  } finally {
    closeSync(file);
  }
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array, void, void> {
  await using file = await open(path, READ_FLAGS);
  const { size } = await file.stat();
  // One byte more than the file has: a read that comes back short is its end.
  const length = Math.min(size + 1, CHUNK_BYTES);
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(length) });
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
    if (bytesRead === 0 || bytesRead < length) return;
  }
}

async function* rewriteChunks(
  chunks: AsyncIterable<Uint8Array>,
  rewriter: UrlRewriter,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    const rewritten = rewriter.push(chunk);
    if (rewritten.byteLength > 0) yield rewritten;
  }
  const rest = rewriter.end();
  if (rest.byteLength > 0) yield rest;
}
