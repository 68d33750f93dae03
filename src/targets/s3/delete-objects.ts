import { hash } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { DEEDS } from "./deeds.ts";
import type { S3Connection } from "./s3-connection.ts";
import { s3Error } from "./s3-error.ts";
import { escapeXml, fitsXml, readElement, readElements } from "./xml.ts";

/** What DeleteObjects takes in one call. */
const BATCH = 1000;
const BATCHES_AT_ONCE = 8;
const NAMED_IN_MESSAGES = 5;

interface Refusal {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** `ObjectStore.remove`: a thousand keys a request; those that can't be written in XML have one each. */
export async function deleteObjects(
  connection: S3Connection,
  keys: readonly string[],
  ctx: Ctx,
  done?: (key: string) => void,
): Promise<void> {
  const inXml = keys.filter(fitsXml);
  const alone = keys.filter((key) => !fitsXml(key));
  const batches = Array.from({ length: Math.ceil(inXml.length / BATCH) }, (_, at) =>
    inXml.slice(at * BATCH, (at + 1) * BATCH),
  );
  const refused: Refusal[] = [];
  await forEachAtOnce(batches, BATCHES_AT_ONCE, async (batch) => {
    const refusals = await deleteBatch(connection, batch, ctx);
    const kept = new Set(refusals.map(({ key }) => key));
    refused.push(...refusals);
    for (const key of batch) if (!kept.has(key)) done?.(key);
  });
  await forEachAtOnce(alone, BATCHES_AT_ONCE, async (key) => {
    await deleteObject(connection, key, ctx);
    done?.(key);
  });
  if (refused.length > 0) throw refusal(connection, refused, keys.length);
}

async function deleteObject(connection: S3Connection, key: string, ctx: Ctx): Promise<void> {
  const outcome = await connection.ask({ deed: DEEDS.remove, method: "DELETE", key }, ctx);
  if ("error" in outcome && outcome.failure.code !== "NoSuchKey") throw outcome.error;
}

async function deleteBatch(connection: S3Connection, keys: readonly string[], ctx: Ctx): Promise<Refusal[]> {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join("");
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`,
  );
  // S3 demands a checksum here; MD5 is the one that all stores know.
  const headers = { "content-type": "application/xml", "content-md5": hash("md5", body, "base64") };
  const answer = await connection.request(
    { deed: DEEDS.remove, method: "POST", query: { delete: "" }, headers, body },
    ctx,
  );
  return readElements(answer.body.toString(), "Error").flatMap((error) => {
    const read = (name: string) => readElement(error, name) ?? "";
    // Absent is what was wanted.
    return read("Code") === "NoSuchKey" ? [] : [{ key: read("Key"), code: read("Code"), message: read("Message") }];
  });
}

/** What is thrown when some could not be deleted: of the kind of the first refusal, naming the first few keys. */
function refusal({ place, settings: { bucket } }: S3Connection, refused: readonly Refusal[], all: number): Error {
  const [first] = refused;
  const failure = { status: 200, code: first?.code ?? "", certain: true, message: first?.message ?? "" };
  const where = { deed: DEEDS.remove, what: place, bucket, resource: `arn:aws:s3:::${bucket}/*`, region: "" };
  const { kind, code, hint } = s3Error(failure, where);
  const named = refused.slice(0, NAMED_IN_MESSAGES).map(({ key, ...why }) => `${key} (${why.code})`);
  const more = refused.length > named.length ? " and others" : "";
  const message = `could not delete ${refused.length} of ${all} objects in ${place}: ${named.join(", ")}${more}`;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }) });
}
