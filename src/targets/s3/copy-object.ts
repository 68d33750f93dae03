import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { ObjectAttributes, Written } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { finishUpload } from "./finish-upload.ts";
import { copyPart, createUpload, type Part } from "./multipart.ts";
import { bareEtag, headersOf, inheritedHeaders, type ObjectFacts } from "./object-headers.ts";
import { askObject } from "./read-object.ts";
import type { S3Connection } from "./s3-connection.ts";
import { orGiveUp, repeatedly } from "./send-parts.ts";
import { encodeKey } from "./sign-v4.ts";
import { readElement } from "./xml.ts";

const GIB = 1024 ** 3;
/** What one CopyObject takes. */
const MOST_AT_ONCE = 5 * GIB;
const COPY_PART = GIB;
const PARTS_AT_ONCE = 8;

/**
 * `ObjectStore.copy`. A copy inherits neither ACL, storage class, encryption nor redirect: they are given again. Where
 * nothing is said of the attributes, the original is asked for its own first.
 */
export async function copyObject(
  connection: S3Connection,
  from: string,
  to: string,
  how: { readonly attributes?: ObjectAttributes; readonly ifMatch?: string },
  ctx: Ctx,
): Promise<Written> {
  const { settings } = connection;
  const source: Record<string, string> = { "x-amz-copy-source": encodeKey(`/${settings.bucket}/${from}`) };
  if (how.ifMatch !== undefined) {
    source["x-amz-copy-source-if-match"] = `"${how.ifMatch}"`;
    if (settings.etagsAs === "ceph") source["x-amz-copy-if-match"] = `"${how.ifMatch}"`;
  }
  if (how.attributes !== undefined) {
    const given = headersOf(how.attributes, settings);
    return (
      (await copyAtOnce(connection, to, source, given, ctx)) ?? copyInParts(connection, from, to, source, given, ctx)
    );
  }
  const original = await askOriginal(connection, from, ctx);
  const given = { ...settings.headers, ...inheritedHeaders(original.headers) };
  if (original.size > MOST_AT_ONCE) {
    return copyInParts(connection, from, to, source, given, ctx);
  }
  return (
    (await copyAtOnce(connection, to, source, given, ctx)) ?? copyInParts(connection, from, to, source, given, ctx)
  );
}

/** Undefined when the store says that the object is too large for that. */
async function copyAtOnce(
  connection: S3Connection,
  to: string,
  source: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
  ctx: Ctx,
): Promise<Written | undefined> {
  const headers: Record<string, string> = { ...source, ...given, "x-amz-metadata-directive": "REPLACE" };
  if (given["x-amz-tagging"] !== undefined) headers["x-amz-tagging-directive"] = "REPLACE";
  const outcome = await connection.ask({ deed: DEEDS.copy, method: "PUT", key: to, headers }, ctx);
  if ("answer" in outcome) return { etag: bareEtag(readElement(outcome.answer.body.toString(), "ETag")) };
  const { code, message } = outcome.failure;
  if (/^(InvalidRequest|EntityTooLarge)$/.test(code) && /larger than|too large|maximum/i.test(message))
    return undefined;
  throw outcome.error;
}

async function copyInParts(
  connection: S3Connection,
  from: string,
  to: string,
  source: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
  ctx: Ctx,
): Promise<Written> {
  const { size } = await askOriginal(connection, from, ctx);
  const upload = await createUpload(connection, to, { headers: given }, ctx);
  return orGiveUp(connection, upload, ctx, async () => {
    const parts: Part[] = [];
    const numbers = Array.from({ length: Math.ceil(size / COPY_PART) }, (_, at) => at);
    await forEachAtOnce(numbers, PARTS_AT_ONCE, async (at) => {
      const range = [at * COPY_PART, Math.min((at + 1) * COPY_PART, size) - 1] as const;
      parts[at] = await repeatedly(() => copyPart(connection, upload, at + 1, source, range, ctx), ctx);
    });
    return repeatedly(() => finishUpload(connection, upload, parts, {}, ctx), ctx);
  });
}

async function askOriginal(connection: S3Connection, key: string, ctx: Ctx): Promise<ObjectFacts> {
  const original = await askObject(connection, key, ctx);
  if (original !== undefined) return original;
  throw new SmartsyncError(`could not copy ${connection.place}/${key}: it does not exist`, {
    kind: "not-found",
    code: "not-found",
  });
}
