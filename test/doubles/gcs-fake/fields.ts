import { GcsFault } from "./fault.ts";

const KNOWN = new Set([
  ...["nextPageToken", "items", "done", "rewriteToken", "resource", "objectSize", "totalBytesRewritten"],
  ...["name", "size", "generation", "metageneration", "updated", "md5Hash", "crc32c", "metadata", "storageClass"],
  ...["contentType", "cacheControl", "contentEncoding", "contentDisposition", "contentLanguage", "kmsKeyName"],
]);

/** Leaves of an answer only what `fields` names: "nextPageToken,items(name,size)". */
export function selectFields(value: unknown, fields: string | null): unknown {
  if (fields === null || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => selectFields(each, fields));
  const wanted = parse(fields);
  const kept = Object.entries(value).filter(([name]) => wanted.has(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, selectFields(inner, wanted.get(name) ?? null)]));
}

function parse(fields: string): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const [, name = "", inner] of fields.matchAll(/(\w+)(?:\(([^)]*)\))?/g)) {
    if (!KNOWN.has(name)) throw new GcsFault(400, "invalidParameter", `Invalid field selection ${name}`);
    found.set(name, inner ?? null);
  }
  return found;
}
