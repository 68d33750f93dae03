import type { Ctx } from "../../core/context.ts";
import type { DeployEvent } from "../../core/events.ts";
import type { BlobWire } from "./blob-wire.ts";

const WEBSITE_OFF: DeployEvent = {
  type: "warning",
  code: "website-off",
  message: "the account's static website is not enabled: nobody can visit the site",
  hint: "az storage blob service-properties update --static-website --index-document index.html",
};

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
  await wire.send("write", { method: "PUT", key, headers, body: Buffer.from("smartsync") }, ctx);
  const query = { restype: "container", comp: "list", maxresults: "1" };
  await wire.send("list", { method: "GET", query }, ctx);
  await wire.send("read", { method: "GET", key }, ctx);
  await wire.send("delete", { method: "DELETE", key }, ctx);
  return ["may list, write, read, delete", ...(await describeService(wire, container, ctx))];
}

/** https://learn.microsoft.com/rest/api/storageservices/get-blob-service-properties */
async function describeService(wire: BlobWire, container: string, ctx: Ctx): Promise<string[]> {
  const query = { restype: "service", comp: "properties" };
  const answer = await wire.send("read the properties of", { method: "GET", key: null, query }, ctx).catch(() => {
    ctx.signal.throwIfAborted();
  });
  if (answer === undefined) return [];
  const xml = answer.body.toString();
  const inside = (name: string, text = xml) => new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(text)?.[1] ?? "";
  const website = inside("StaticWebsite");
  const found: string[] = [];
  if (container === "$web") {
    const index = inside("IndexDocument", website);
    if (inside("Enabled", website) !== "true") ctx.emit(WEBSITE_OFF);
    else found.push(`static website: ${index ? `"${index}" is served for folders` : "no index document is set"}`);
  }
  const retention = inside("DeleteRetentionPolicy");
  if (inside("Enabled", retention) === "true") {
    found.push(`soft delete: what is replaced or deleted is kept, and paid for, ${inside("Days", retention)} days`);
  }
  return found;
}
