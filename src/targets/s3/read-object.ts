import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import type { StoredObject } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { bareEtag, readObject } from "./object-headers.ts";
import type { S3Connection } from "./s3-connection.ts";

/** An object's content and ETag; undefined only when the store itself said NoSuchKey. */
export async function getObject(
  connection: S3Connection,
  key: string,
  ctx: Ctx,
): Promise<{ content: Uint8Array; etag: string } | undefined> {
  const answer = await unlessMissing(connection, key, {}, ctx);
  return answer && { content: answer.body, etag: bareEtag(answer.headers.etag) };
}

/** What the store says of an object; undefined only when the store itself said NoSuchKey. */
export async function headObject(connection: S3Connection, key: string, ctx: Ctx): Promise<StoredObject | undefined> {
  const answer = await askHead(connection, key, ctx);
  return answer && readObject(key, answer.headers, connection.settings);
}

/**
 * The answer to a HEAD. A 404 has no body that would tell a missing object from a missing bucket, so that one byte is
 * asked for then.
 */
export async function askHead(connection: S3Connection, key: string, ctx: Ctx): Promise<Answer | undefined> {
  const outcome = await connection.ask({ deed: DEEDS.read, method: "HEAD", key }, ctx);
  if ("answer" in outcome) return outcome.answer;
  if (outcome.failure.status !== 404) throw outcome.error;
  if ((await unlessMissing(connection, key, { range: "bytes=0-0" }, ctx)) === undefined) return undefined;
  throw new SmartsyncError(`${connection.place}/${key} appeared while it was looked for`, {
    kind: "transient",
    code: "server-error",
  });
}

async function unlessMissing(
  connection: S3Connection,
  key: string,
  headers: Record<string, string>,
  ctx: Ctx,
): Promise<Answer | undefined> {
  const outcome = await connection.ask({ deed: DEEDS.read, method: "GET", key, headers }, ctx);
  if ("answer" in outcome) return outcome.answer;
  const { certain, code } = outcome.failure;
  if (certain && code === "NoSuchKey") return undefined;
  if (code === "NoSuchKey" || code === "NotFound") {
    throw new SmartsyncError(
      `could not read ${connection.place}/${key}: the answer (HTTP 404) is not one of an S3 store`,
      {
        kind: "config",
        code: "store-unclear",
        hint: "see whether the endpoint is the store's own and not a web site's",
      },
    );
  }
  throw outcome.error;
}
