import { createHash, hash, randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import type { BlobWire } from "./blob-wire.ts";

/** Blocks that lie beside a blob until a list of them is committed; nobody sees them, and after a week they are gone. */
export interface SentBlocks {
  /** Their names in order. */
  readonly ids: readonly string[];
  /** Of all their bytes, in base64. */
  readonly md5: string;
}

const BLOCK_BYTES = 8 << 20;
/** At once, per body: what is in memory of it. */
const BLOCKS_AT_ONCE = 4;

/**
 * Sends bytes as blocks, each checked by its MD5 on arrival. A body that errors is thrown as it is; blocks that were
 * sent by then count for nothing. Any later Put Blob or Put Block List of this name throws away what it does not name.
 */
export async function sendBlocks(
  wire: BlobWire,
  key: string,
  body: Uint8Array | Readable,
  ctx: Ctx,
): Promise<SentBlocks> {
  throwIfAborted(ctx.signal);
  // Names must be of one length, and unlike those that a killed run left.
  const run = randomBytes(8).toString("hex");
  const whole = createHash("md5");
  const ids: string[] = [];
  const sending = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const send = async (id: string, block: Uint8Array) => {
    try {
      await sendBlock(wire, key, id, block, ctx);
    } catch (error) {
      failure ??= { error };
    }
  };
  try {
    for await (const block of inBlocks(body, ctx.signal)) {
      whole.update(block);
      const id = Buffer.from(`${run}-${ids.length.toString().padStart(5, "0")}`).toString("base64");
      ids.push(id);
      const sent = send(id, block).finally(() => sending.delete(sent));
      sending.add(sent);
      if (sending.size >= BLOCKS_AT_ONCE) await Promise.race(sending);
      if (failure) break;
    }
  } finally {
    await Promise.all(sending);
  }
  if (failure) throw failure.error;
  return { ids, md5: whole.digest("base64") };
}

async function sendBlock(wire: BlobWire, key: string, id: string, body: Uint8Array, ctx: Ctx): Promise<void> {
  const headers = { "content-md5": hash("md5", body, "base64") };
  await wire.send("send a part of", { method: "PUT", key, query: { comp: "block", blockid: id }, headers, body }, ctx);
}

/** The bytes in pieces of a block's size, the last one shorter; none at all for an empty body. */
async function* inBlocks(body: Uint8Array | Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.length; at += BLOCK_BYTES) yield body.subarray(at, at + BLOCK_BYTES);
    return;
  }
  const stop = () => void body.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    let parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of body) {
      parts.push(part);
      length += part.length;
      if (length < BLOCK_BYTES) continue;
      yield Buffer.concat(parts, length);
      [parts, length] = [[], 0];
    }
    if (length > 0) yield Buffer.concat(parts, length);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The body of Put Block List: these blocks, whether or not an earlier commit whose answer was lost has taken them. */
export function blockList(ids: readonly string[]): Buffer {
  const latest = ids.map((id) => `<Latest>${id}</Latest>`).join("");
  return Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${latest}</BlockList>`);
}
