import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Condition, ObjectAttributes, Written } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { bareEtag, headersOf } from "./object-headers.ts";
import type { Checksum } from "./presets.ts";
import type { S3Connection } from "./s3-connection.ts";

/** Writes a whole object with one request: what a delivery does more than anything else. */
export async function putObject(
  connection: S3Connection,
  key: string,
  content: Uint8Array,
  attributes: ObjectAttributes,
  ctx: Ctx,
  condition?: Condition,
): Promise<Written> {
  const { settings } = connection;
  const headers = headersOf(attributes, settings);
  Object.assign(headers, checksumHeader(settings.checksum, content));
  if (condition !== undefined) {
    if ("ifAbsent" in condition) headers["if-none-match"] = "*";
    else headers["if-match"] = settings.etagsAs === "ceph" ? condition.ifMatch : `"${condition.ifMatch}"`;
  }
  const outcome = await connection.ask({ deed: DEEDS.write, method: "PUT", key, headers, body: content }, ctx);
  if ("answer" in outcome) return { etag: bareEtag(outcome.answer.headers.etag) };
  const isGone = headers["if-match"] !== undefined && outcome.failure.code === "NoSuchKey";
  if (isGone) throw goneMeanwhile(connection, key);
  throw outcome.error;
}

/** S3 answers 404, not 412, where nothing is there that could still be the same. */
function goneMeanwhile({ place }: S3Connection, key: string): SmartsyncError {
  return new SmartsyncError(`could not write ${place}/${key}: somebody else has deleted it meanwhile`, {
    kind: "conflict",
    code: "condition-failed",
  });
}

/** The header a store checks the bytes by, besides the signature. */
export function checksumHeader(checksum: Checksum, content: Uint8Array): Record<string, string> {
  switch (checksum) {
    case "none":
      return {};
    case "md5":
      return { "content-md5": hash("md5", content, "base64") };
    case "crc32": {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(content));
      return { "x-amz-checksum-crc32": sum.toString("base64") };
    }
    case "sha256":
      return { "x-amz-checksum-sha256": hash("sha256", content, "base64") };
  }
}
