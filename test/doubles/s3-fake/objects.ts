import { type Answer, type Call, documentOf } from "./answer.ts";
import { attributesOf, attributesOfCopy } from "./attributes.ts";
import { checkConditions, type S3Object, unquoted } from "./bucket.ts";
import { demand, S3Fault } from "./fault.ts";

/** PutObject */
export function putObject({ request, bucket, content, now, etagOf }: Call): Answer {
  checkConditions(request.headers, bucket.get(request.key));
  const etag = etagOf(content);
  const { bytes } = content;
  bucket.set(request.key, { bytes, etag, mtimeMs: now, ...attributesOf(request.headers) });
  return { status: 200, headers: { etag: `"${etag}"` } };
}

/** GetObject and HeadObject: the latter's body is left out on the wire. */
export function getObject({ request, bucket, may }: Call): Answer {
  const object = bucket.get(request.key);
  if (object === undefined) throw missing(may);
  checkRead(request.headers, object);
  return {
    status: 200,
    headers: {
      ...object.headers,
      etag: `"${object.etag}"`,
      "content-length": object.bytes.length,
      "last-modified": new Date(object.mtimeMs).toUTCString(),
      "accept-ranges": "bytes",
      ...(object.tags !== undefined && { "x-amz-tagging-count": object.tags.split("&").length }),
    },
    body: object.bytes,
  };
}

/** Who may not list is not told either that a key is free: 403 in place of 404 (documentation of GetObject). */
function missing(may: Call["may"]): S3Fault {
  if (may("s3:ListBucket")) return new S3Fault(404, "NoSuchKey", "The specified key does not exist.");
  return new S3Fault(403, "AccessDenied", "Access Denied");
}

function checkRead(headers: Readonly<Record<string, string>>, object: S3Object): void {
  const { "if-match": match, "if-none-match": noneMatch } = headers;
  demand(
    match === undefined || unquoted(match) === object.etag,
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
  );
  demand(noneMatch === undefined || unquoted(noneMatch) !== object.etag, 304, "NotModified", "Not Modified");
}

/** DeleteObject: an absent key is as good. */
export function deleteObject({ request, bucket }: Call): Answer {
  bucket.delete(request.key);
  return { status: 204 };
}

/** CopyObject within one bucket or between two of the fake's. */
export function copyObject(call: Call, find: (bucket: string) => Call["bucket"]): Answer {
  const { request, bucket, now } = call;
  const { headers, key } = request;
  const source = decodeURIComponent(headers["x-amz-copy-source"] ?? "").replace(/^\//, "");
  const slash = source.indexOf("/");
  const from = find(source.slice(0, slash));
  const original = from.get(source.slice(slash + 1));
  if (original === undefined) throw missing(call.may);
  const match = headers["x-amz-copy-source-if-match"];
  demand(
    match === undefined || unquoted(match) === original.etag,
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
  );
  const changes = ["x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption"];
  const isIllegal =
    from === bucket &&
    source.slice(slash + 1) === key &&
    headers["x-amz-metadata-directive"] !== "REPLACE" &&
    !changes.some((name) => name in headers);
  demand(
    !isIllegal,
    400,
    "InvalidRequest",
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
  checkConditions(headers, bucket.get(key));
  const { bytes, etag } = original;
  bucket.set(key, { bytes, etag, mtimeMs: now, ...attributesOfCopy(headers, original) });
  return documentOf("CopyObjectResult", { LastModified: new Date(now).toISOString(), ETag: `"${etag}"` });
}

/** GetObjectTagging */
export function getTagging({ request, bucket, may }: Call): Answer {
  const object = bucket.get(request.key);
  if (object === undefined) throw missing(may);
  const pairs = [...new URLSearchParams(object.tags ?? "")];
  return documentOf("Tagging", { TagSet: { Tag: pairs.map(([Key, Value]) => ({ Key, Value })) } });
}
