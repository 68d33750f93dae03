import type { Ctx } from "../../core/context.ts";
import type { BlobWire } from "./blob-wire.ts";

/**
 * Does once what a delivery does: writes, reads, lists and deletes a blob, and throws what a delivery would fail with.
 * Says besides how the account serves and keeps blobs, where whoever signs in may know that.
 */
export async function examineContainer(
  wire: BlobWire,
  container: string,
  key: string,
  ctx: Ctx,
): Promise<readonly string[]> {
  const headers = { "x-ms-blob-type": "BlockBlob" };
  await wire.send(`put ${key}`, { method: "PUT", key, headers, body: Buffer.from("smartsync") }, ctx);
  const query = { restype: "container", comp: "list", maxresults: "1" };
  await wire.send("list the blobs", { method: "GET", query }, ctx);
  await wire.send(`get ${key}`, { method: "GET", key }, ctx);
  await wire.send(`delete ${key}`, { method: "DELETE", key }, ctx);
  return ["blobs can be written, read, listed and deleted", ...(await describeService(wire, container, ctx))];
}

/** https://learn.microsoft.com/rest/api/storageservices/get-blob-service-properties */
async function describeService(wire: BlobWire, container: string, ctx: Ctx): Promise<string[]> {
  const query = { restype: "service", comp: "properties" };
  const answer = await wire
    .send("read the service's properties", { method: "GET", key: null, query }, ctx)
    .catch(() => {
      ctx.signal.throwIfAborted();
    });
  if (answer === undefined) return [];
  const xml = answer.body.toString();
  const inside = (name: string, text = xml) => new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(text)?.[1] ?? "";
  const website = inside("StaticWebsite");
  const found: string[] = [];
  if (container === "$web") {
    const index = inside("IndexDocument", website);
    found.push(
      inside("Enabled", website) === "true"
        ? `static website: ${index ? `"${index}" is served for folders` : "no index document is set"}`
        : "static website: not enabled, so that nobody can visit the site",
    );
  }
  const retention = inside("DeleteRetentionPolicy");
  if (inside("Enabled", retention) === "true") {
    found.push(`soft delete: what is replaced or deleted is kept, and paid for, ${inside("Days", retention)} days`);
  }
  return found;
}
