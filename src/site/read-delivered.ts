import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { READ_FLAGS } from "./hash-file.ts";
import type { UrlRewriter } from "./rewrite-urls.ts";

/** A file up to this size is read in one piece. */
const CHUNK_BYTES = 256 << 10;

/** The delivered bytes of a file. The file is opened when the stream is first read, and closed however it ends. */
export function readDelivered(path: string, rewriter: UrlRewriter | undefined): Readable {
  const chunks = readChunks(path);
  return Readable.from(rewriter === undefined ? chunks : rewriteChunks(chunks, rewriter), { objectMode: false });
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
