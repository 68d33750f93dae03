import type { Ctx } from "../../core/context.ts";
import { isTransient, SmartsyncError } from "../../lib/errors.ts";
import type { GcsAnswer, GcsRequest, GcsWire } from "./gcs-wire.ts";

/** A chunk of an upload. */
export interface ChunkOnItsWay {
  /** For errors: "put gs://www/a.mp4". */
  readonly doing: string;
  /** The upload's path and query. */
  readonly session: string;
  readonly bytes: readonly Buffer[];
  /** Where in the object it begins. */
  readonly offset: number;
  /** Of the last chunk: the MD5 of the whole object, in base64. */
  readonly total: { readonly md5: string } | undefined;
}

/** How often in a row the line may fail without a byte having gone through. */
const ATTEMPTS = 4;

/** What the service answers as long as it waits for more. */
const INCOMPLETE = 308;

/**
 * Sends a chunk. When the line fails the service is asked how much it has, and is sent the rest; sending a film anew
 * because of one dropped connection would take too long. Gives the answer once the object is complete, else undefined.
 */
export async function sendChunk(wire: GcsWire, chunk: ChunkOnItsWay, ctx: Ctx): Promise<GcsAnswer | undefined> {
  const { doing, session, total } = chunk;
  const size = chunk.bytes.reduce((sum, { length }) => sum + length, 0);
  const end = chunk.offset + size;
  let at = chunk.offset;
  let failures = 0;
  let isKnown = true;
  for (;;) {
    const range = rangeOf(isKnown, at, end, total !== undefined);
    const request: GcsRequest = {
      method: "PUT",
      path: session,
      headers: { "content-range": range, ...(isKnown && total && { "x-goog-hash": `md5=${total.md5}` }) },
      body: isKnown ? skip(chunk.bytes, at - chunk.offset) : [],
    };
    const answer = await wire.send(doing, request, ctx, [INCOMPLETE, 404, 410]).catch((error: unknown) => {
      if (!isTransient(error) || ++failures === ATTEMPTS) throw error;
    });
    const wasSent = isKnown;
    isKnown = answer !== undefined;
    if (answer === undefined) {
      await ctx.clock.sleep(250 * 2 ** failures, ctx.signal);
      continue;
    }
    if (answer.status < 300 && total === undefined) throw closedEarly(doing);
    if (answer.status < 300) return answer;
    if (answer.status !== INCOMPLETE) throw forgotten(doing);
    const held = Math.max(heldOf(answer), chunk.offset);
    if (held > at) failures = 0;
    else if (wasSent && ++failures === ATTEMPTS) throw forgotten(doing);
    at = held;
    if (at === end && total === undefined) return undefined;
  }
}

/** https://datatracker.ietf.org/doc/html/rfc9110#section-14.4, with "*" for what is not known or not sent. */
function rangeOf(sends: boolean, at: number, end: number, isLast: boolean): string {
  const total = isLast ? `${end}` : "*";
  return sends && at < end ? `bytes ${at}-${end - 1}/${total}` : `bytes */${total}`;
}

/** How many bytes of the object the service has. */
function heldOf({ headers }: GcsAnswer): number {
  const last = /^bytes=0-(\d+)$/.exec(headers.range ?? "")?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

function skip(bytes: readonly Buffer[], count: number): Buffer[] {
  const rest: Buffer[] = [];
  let before = 0;
  for (const piece of bytes) {
    const from = Math.max(0, count - before);
    if (from < piece.length) rest.push(piece.subarray(from));
    before += piece.length;
  }
  return rest;
}

/** What speaks the language of Google Cloud Storage, and takes every chunk for the whole. */
function closedEarly(doing: string): SmartsyncError {
  const message = `could not ${doing}: the service closed the upload after its first chunk`;
  return new SmartsyncError(message, {
    kind: "config",
    code: "store-refused",
    hint: "this service can't hold files of more than 16 MiB whole: delete the one it has now, and exclude it",
  });
}

/** The whole is to be sent anew. */
function forgotten(doing: string): SmartsyncError {
  const why = "Google Cloud Storage no longer knows the upload";
  return new SmartsyncError(`could not ${doing}: ${why}`, { kind: "transient", code: "server-error" });
}
