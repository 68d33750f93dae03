import { createHash, type Hash } from "node:crypto";
import { addAbortSignal, type Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { abortLater, throwIfAborted } from "../../lib/abort.ts";
import type { ObjectAttributes } from "../objects/object-store.ts";
import { type GcsBucket, newObjectQuery, placeOf, resourceIn } from "./gcs-bucket.ts";
import type { GcsAnswer } from "./gcs-wire.ts";
import { type ObjectResource, writableResource } from "./object-resource.ts";
import { putObject } from "./put-object.ts";
import { sendChunk } from "./send-chunk.ts";

/** Of each chunk but the last: what is held in memory. A multiple of 256 KiB, as the service wants it. */
export const CHUNK_BYTES = 16 * 1024 * 1024;

/**
 * Writes an object of any length, chunk by chunk; what fits into one is put in one request. It is there when the last
 * chunk was taken, whose request names the MD5 of the whole. An upload that is given up is cancelled; one that a killed
 * run left can't be seen, costs nothing, and goes after a week.
 * https://cloud.google.com/storage/docs/performing-resumable-uploads
 */
export async function putLargeObject(
  bucket: GcsBucket,
  key: string,
  body: Readable,
  attributes: ObjectAttributes,
  ctx: Ctx,
): Promise<ObjectResource> {
  let session: string | undefined;
  const doing = `put ${placeOf(bucket, key)}`;
  const md5 = createHash("md5");
  try {
    for await (const { bytes, offset, isLast } of inChunks(body, md5, ctx.signal)) {
      if (isLast && offset === 0) return await putObject(bucket, key, Buffer.concat(bytes), attributes, ctx);
      session ??= await begin(bucket, key, attributes, ctx);
      const total = isLast ? { md5: md5.copy().digest("base64") } : undefined;
      const answer = await sendChunk(bucket.wire, { doing, session, bytes, offset, total }, ctx);
      if (answer !== undefined) return resourceIn(answer);
    }
    throw new Error("a body ended without a last chunk");
  } catch (error) {
    body.destroy();
    if (session !== undefined) await cancel(bucket, session, ctx);
    throwIfAborted(ctx.signal);
    throw error;
  }
}

/** Asks for an upload; gives the path and query it goes on under. */
async function begin(bucket: GcsBucket, key: string, attributes: ObjectAttributes, ctx: Ctx): Promise<string> {
  const resource = writableResource(attributes, bucket.storageClass);
  const { headers }: GcsAnswer = await bucket.wire.send(
    `put ${placeOf(bucket, key)}`,
    {
      method: "POST",
      path: `/upload/storage/v1/b/${bucket.bucket}/o`,
      query: { uploadType: "resumable", name: key, ...newObjectQuery(bucket, attributes) },
      headers: { "content-type": "application/json; charset=utf-8" },
      body: [JSON.stringify(resource)],
    },
    ctx,
  );
  // Whatever host it names, what is sent goes to the one that is configured.
  const { pathname, search } = new URL(headers.location ?? "", "http://nowhere");
  return `${pathname}${search}`;
}

/** Lets the service forget an upload. When that fails nothing is lost: it forgets by itself. */
async function cancel({ wire }: GcsBucket, session: string, ctx: Ctx): Promise<void> {
  const request = { method: "DELETE", path: session } as const;
  await wire
    .send("cancel an upload", request, { ...ctx, signal: abortLater(ctx.signal, 2_000) }, [404, 410, 499])
    .catch(() => undefined);
}

/** A piece of a body: its bytes in the pieces they came in, and where they begin. */
interface Chunk {
  readonly bytes: readonly Buffer[];
  readonly offset: number;
  readonly isLast: boolean;
}

/** Cuts a body; only when it has ended well is there a last chunk, which may be empty. Feeds the hash as it goes. */
async function* inChunks(body: Readable, hash: Hash, signal: AbortSignal): AsyncGenerator<Chunk> {
  let bytes: Buffer[] = [];
  let length = 0;
  let offset = 0;
  for await (const piece of addAbortSignal(signal, body)) {
    let rest: Buffer = Buffer.from(piece);
    while (length + rest.length > CHUNK_BYTES) {
      const head = rest.subarray(0, CHUNK_BYTES - length);
      hash.update(head);
      yield { bytes: [...bytes, head], offset, isLast: false };
      rest = rest.subarray(head.length);
      offset += CHUNK_BYTES;
      bytes = [];
      length = 0;
    }
    hash.update(rest);
    bytes.push(rest);
    length += rest.length;
  }
  yield { bytes, offset, isLast: true };
}
