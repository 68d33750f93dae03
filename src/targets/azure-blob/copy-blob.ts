import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ObjectAttributes, Written } from "../objects/object-store.ts";
import { conditionHeaders, etagOf, metadataHeaders, servingHeaders } from "./blob-headers.ts";
import type { BlobWire } from "./blob-wire.ts";

const POLL_MS = 500;

/**
 * Copies a blob within its account, with its headers and metadata. In one step: the service makes such a copy at once;
 * should it ever be at it for longer (it may, by what it promises), this waits until it is done.
 */
export async function copyBlob(
  wire: BlobWire,
  from: string,
  to: string,
  ifMatch: string | undefined,
  ctx: Ctx,
): Promise<Written> {
  const headers = {
    "x-ms-copy-source": wire.addressOf(from),
    ...(ifMatch !== undefined && { "x-ms-source-if-match": `"${ifMatch}"` }),
  };
  const doing = `copy ${from} to`;
  let { headers: answer } = await wire.send(doing, { method: "PUT", key: to, headers }, ctx);
  while (answer["x-ms-copy-status"] === "pending") {
    await ctx.clock.sleep(POLL_MS, ctx.signal);
    ({ headers: answer } = await wire.send(doing, { method: "HEAD", key: to }, ctx));
  }
  const status = answer["x-ms-copy-status"];
  if (status === "success") return { etag: etagOf(answer) };
  throw new SmartsyncError(`could not ${doing} ${to}: it ended as "${status}"`, {
    kind: "transient",
    code: "server-error",
  });
}

/**
 * Gives a blob other headers and metadata; its bytes stay. Azure has no call that sets both. The metadata comes last,
 * since our own marks are in it: whoever finds the new mark finds the new headers too, and a run that is killed between
 * the two leaves a blob with the old mark and an unknown etag, which the next one does again. A blob that somebody
 * else writes meanwhile is left as he made it ("condition-failed").
 */
export async function serveBlobAs(
  wire: BlobWire,
  key: string,
  attributes: ObjectAttributes,
  ifMatch: string | undefined,
  ctx: Ctx,
): Promise<Written> {
  const doing = "change the headers of";
  const { headers: found } = await wire.send(doing, { method: "HEAD", key }, ctx);
  const etag = ifMatch ?? etagOf(found);
  // What is not given again is lost: the MD5 too, although the bytes stay.
  const md5 = found["content-md5"];
  const properties = {
    ...servingHeaders(attributes.serving),
    ...(md5 !== undefined && { "x-ms-blob-content-md5": `${md5}` }),
    ...conditionHeaders({ ifMatch: etag }),
  };
  const put = (comp: string, headers: Record<string, string>) =>
    wire.send(doing, { method: "PUT", key, query: { comp }, headers }, ctx);
  const { headers: between } = await put("properties", properties);
  const metadata = { ...metadataHeaders(attributes), ...conditionHeaders({ ifMatch: etagOf(between) }) };
  const { headers: last } = await put("metadata", metadata);
  return { etag: etagOf(last) };
}
