import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { StoredObject } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { bareEtag, type ObjectFacts, readObject } from "./object-headers.ts";
import type { Outcome, S3Connection } from "./s3-connection.ts";

/** An object's content and ETag; undefined only when the store itself said NoSuchKey. */
export async function getObject(
  connection: S3Connection,
  key: string,
  ctx: Ctx,
): Promise<{ content: Uint8Array; etag: string } | undefined> {
  const outcome = await connection.ask({ deed: DEEDS.read, method: "GET", key }, ctx);
  if ("answer" in outcome) {
    const { body, headers } = outcome.answer;
    return { content: body, etag: bareEtag(headers.etag) };
  }
  if (isMissing(connection, key, outcome)) return undefined;
  throw outcome.error;
}

/** What the store says of an object; undefined only when the store itself said NoSuchKey. */
export async function headObject(connection: S3Connection, key: string, ctx: Ctx): Promise<StoredObject | undefined> {
  const found = await askObject(connection, key, ctx);
  return found && readObject(key, found, connection.settings);
}

/**
 * An object's headers and size, from a GET of one byte: a HEAD that fails has no body that would tell a missing object
 * from a missing bucket, and older Swifts send one all the same, which ends the connection. Only of an empty object,
 * which has no first byte, and of one that can't be read as it is archived, a HEAD is asked for.
 */
export async function askObject(connection: S3Connection, key: string, ctx: Ctx): Promise<ObjectFacts | undefined> {
  const range = { range: "bytes=0-0" };
  const outcome = await connection.ask({ deed: DEEDS.read, method: "GET", key, headers: range }, ctx);
  if ("answer" in outcome) {
    const { headers, body } = outcome.answer;
    const [, whole] = /\/(\d+)$/.exec(headers["content-range"] ?? "") ?? [];
    return { headers, size: whole === undefined ? body.length : Number(whole) };
  }
  if (isMissing(connection, key, outcome)) return undefined;
  if (outcome.failure.status !== 416 && outcome.failure.code !== "InvalidObjectState") throw outcome.error;
  const { headers } = await connection.request({ deed: DEEDS.read, method: "HEAD", key }, ctx);
  return { headers, size: Number(headers["content-length"] ?? 0) };
}

/** True when the store itself said NoSuchKey; throws when something said that there is nothing which may be no store. */
function isMissing({ place }: S3Connection, key: string, { failure }: Extract<Outcome, { failure: unknown }>): boolean {
  const { certain, code } = failure;
  if (certain && code === "NoSuchKey") return true;
  if (code !== "NoSuchKey" && code !== "NotFound") return false;
  throw new SmartsyncError(`could not read ${place}/${key}: the answer (HTTP 404) is not one of an S3 store`, {
    kind: "config",
    code: "store-unclear",
    hint: "see whether the endpoint is the store's own and not a web site's",
  });
}
