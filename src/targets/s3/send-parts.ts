import { addAbortSignal, type Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { abortLater, throwIfAborted } from "../../lib/abort.ts";
import { isTransient, SmartsyncError } from "../../lib/errors.ts";
import type { ObjectAttributes, Written } from "../objects/object-store.ts";
import { finishUpload } from "./finish-upload.ts";
import { abortUpload, createUpload, listUploads, type Part, sendPart, type Upload } from "./multipart.ts";
import { type PartBuffers, partReader } from "./part-buffers.ts";
import type { S3Connection } from "./s3-connection.ts";

/** What S3 takes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;
/** A part that fails costs the part, not the file: it is sent again after so many milliseconds. */
const WAITS_MS = [500, 2000, 5000];
/** How long an upload that is given up after an abort may take to be. */
const LAST_WORDS_MS = 5000;

/** A bucket, and the memory that the parts of all its files share. */
export interface PartSender {
  readonly connection: S3Connection;
  readonly buffers: PartBuffers;
}

/** `ObjectStore.putLarge`: in parts, several at once; given up when anything fails. */
export async function putLarge(
  sender: PartSender,
  key: string,
  body: Readable,
  attributes: ObjectAttributes,
  ctx: Ctx,
): Promise<Written> {
  const { connection } = sender;
  try {
    await dropLeftovers(connection, key, ctx);
    const upload = await createUpload(connection, key, attributes, ctx);
    return await orGiveUp(connection, upload, ctx, async () => {
      const parts = await sendParts(sender, upload, body, ctx);
      return repeatedly(() => finishUpload(connection, upload, parts, attributes, ctx), ctx);
    });
  } finally {
    body.destroy();
  }
}

/** Does the work; when it fails, gives the upload up, also after an abort, and throws what it failed with. */
export async function orGiveUp<T>(
  connection: S3Connection,
  upload: Upload,
  ctx: Ctx,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What can't be given up now is found by the next delivery of this key, or by the bucket's own lifecycle rule.
    await abortUpload(connection, upload, { ...ctx, signal: abortLater(ctx.signal, LAST_WORDS_MS) }).catch(
      () => undefined,
    );
    throw error;
  }
}

/** Sends a body as the parts of an upload: at least one, and as many at once as there are buffers for. */
export async function sendParts(sender: PartSender, upload: Upload, body: Readable, ctx: Ctx): Promise<Part[]> {
  const { connection, buffers } = sender;
  const stop = new AbortController();
  const inner = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  const fill = partReader(addAbortSignal(inner.signal, body));
  const parts: Part[] = [];
  const sending: Promise<void>[] = [];
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    stop.abort();
  };

  const send = async (number: number, buffer: Buffer, length: number): Promise<void> => {
    try {
      if (number > MOST_PARTS) throw tooManyParts(connection, upload.key);
      const part = buffer.subarray(0, length);
      parts[number - 1] = await repeatedly(() => sendPart(connection, upload, number, part, inner), inner);
    } catch (error) {
      fail(error);
    } finally {
      buffers.give(buffer);
    }
  };

  for (let number = 1, more = true; more && failure === undefined; number++) {
    const buffer = await buffers.take();
    const length = (await fill(buffer).catch(fail)) ?? 0;
    more = length === buffer.length;
    // An empty body has one part too, an empty one.
    if (failure === undefined && (length > 0 || number === 1)) sending.push(send(number, buffer, length));
    else buffers.give(buffer);
  }
  await Promise.all(sending);
  throwIfAborted(ctx.signal);
  if (failure !== undefined) throw failure.error;
  return parts;
}

/** Takes away what a killed run left of this key. Where that is not allowed it only costs money, and a rule of the bucket can do it. */
async function dropLeftovers(connection: S3Connection, key: string, ctx: Ctx): Promise<void> {
  try {
    for await (const upload of listUploads(connection, key, ctx)) {
      if (upload.key === key) await abortUpload(connection, upload, ctx);
    }
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}

/** True where the store has no such thing, or this user may not do it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof SmartsyncError && /^(permission-denied|not-supported|not-found)$/.test(error.code);
}

/** Does a small piece of work again while it fails for reasons that pass. */
export async function repeatedly<T>(work: () => Promise<T>, ctx: Ctx, passes = isTransient): Promise<T> {
  for (const wait of WAITS_MS) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error)) throw error;
      await ctx.clock.sleep(wait, ctx.signal);
    }
  }
  return work();
}

function tooManyParts({ place, settings: { partSize } }: S3Connection, key: string): SmartsyncError {
  return new SmartsyncError(`could not write ${place}/${key}: it has more than ${MOST_PARTS} parts`, {
    kind: "config",
    code: "too-large",
    hint: `write a larger partSize; it is ${partSize / 1024 / 1024} MiB`,
  });
}
