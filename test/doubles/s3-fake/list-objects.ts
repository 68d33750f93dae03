import { type Answer, type Call, documentOf } from "./answer.ts";
import { demand } from "./fault.ts";
import type { S3Request } from "./request.ts";

/** ListObjectsV2: prefix, delimiter, start-after, continuation-token, max-keys, encoding-type. */
export function listObjects({ request, bucket }: Call): Answer {
  const { query } = request;
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const after = token === undefined ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const limit = limitOf(query.get("max-keys"));
  const name = naming(request);

  const keys: string[] = [];
  const folders = new Set<string>();
  let last = after;
  let isTruncated = false;
  for (const key of keysAfter(bucket.keys(), after, prefix)) {
    const folder = folderOf(key, prefix, delimiter);
    if (folder !== undefined && (folders.has(folder) || folder === after)) continue;
    if (keys.length + folders.size === limit) {
      isTruncated = true;
      break;
    }
    last = folder ?? key;
    if (folder === undefined) keys.push(key);
    else folders.add(folder);
  }
  return documentOf("ListBucketResult", {
    Name: bucket.name,
    Prefix: name(prefix),
    Delimiter: delimiter === "" ? undefined : name(delimiter),
    MaxKeys: limit,
    EncodingType: query.get("encoding-type"),
    KeyCount: keys.length + folders.size,
    IsTruncated: isTruncated,
    ContinuationToken: token,
    NextContinuationToken: isTruncated ? Buffer.from(last).toString("base64url") : undefined,
    StartAfter: query.has("start-after") ? name(query.get("start-after") ?? "") : undefined,
    Contents: keys.map((key) => {
      const object = bucket.get(key);
      return {
        Key: name(key),
        LastModified: new Date(object?.mtimeMs ?? 0).toISOString(),
        ETag: `"${object?.etag}"`,
        Size: object?.bytes.length,
        StorageClass: object?.headers["x-amz-storage-class"] ?? "STANDARD",
      };
    }),
    CommonPrefixes: [...folders].map((folder) => ({ Prefix: name(folder) })),
  });
}

/** 1,000 at most, whatever is asked for. */
function limitOf(asked: string | undefined): number {
  const limit = asked === undefined ? 1_000 : Number(asked);
  demand(
    Number.isInteger(limit) && limit >= 0,
    400,
    "InvalidArgument",
    "Provided max-keys not an integer or within integer range",
  );
  return Math.min(limit, 1_000);
}

/** How names stand in a listing: as they are, or encoded as in a URL where that was asked for. */
export function naming({ query }: S3Request): (name: string) => string {
  if (query.get("encoding-type") !== "url") return (name) => name;
  return (name) => encodeURIComponent(name).replaceAll("%2F", "/").replaceAll("%20", "+");
}

function folderOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** The keys behind `after` with the prefix, by the bytes of their UTF-8; a folder that was listed stands for all in it. */
function* keysAfter(sorted: readonly string[], after: string, prefix: string): Iterable<string> {
  const start = Buffer.from(after);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.from(sorted[middle] ?? "").compare(start) <= 0) low = middle + 1;
    else high = middle;
  }
  for (let i = after === "" ? 0 : low; i < sorted.length; i++) {
    const key = sorted[i] ?? "";
    if (key.startsWith(prefix)) yield key;
  }
}
