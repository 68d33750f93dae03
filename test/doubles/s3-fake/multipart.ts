import { type Answer, type Call, documentOf, freshId } from "./answer.ts";
import { attributesOf } from "./attributes.ts";
import { checkConditions, multipartEtag, type S3Part, type S3Upload, unquoted } from "./bucket.ts";
import { demand } from "./fault.ts";
import { naming } from "./list-objects.ts";
import { elements, textOf } from "./xml.ts";

/** Every part but the last has at least this many bytes. */
const SMALLEST_PART = 5 * 1024 * 1024;

/** CreateMultipartUpload */
export function createUpload({ request, bucket, now }: Call): Answer {
  const { key } = request;
  const id = freshId();
  bucket.uploads.set(id, { id, key, startedMs: now, parts: new Map(), ...attributesOf(request.headers) });
  return documentOf("InitiateMultipartUploadResult", { Bucket: bucket.name, Key: key, UploadId: id });
}

/** UploadPart */
export function uploadPart({ request, bucket, content }: Call): Answer {
  const upload = bucket.upload(request.query.get("uploadId"), request.key);
  const number = Number(request.query.get("partNumber"));
  const isNumber = Number.isInteger(number) && number >= 1 && number <= 10_000;
  demand(isNumber, 400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
  upload.parts.set(number, content);
  return { status: 200, headers: { etag: `"${content.md5}"` } };
}

/** CompleteMultipartUpload */
export function completeUpload({ request, bucket, content, now }: Call): Answer {
  const { key, query } = request;
  const id = query.get("uploadId") ?? "";
  const before = bucket.completed.get(id);
  if (before !== undefined) return completed(bucket.name, key, before);
  const upload = bucket.upload(id, key);
  const parts = partsOf(upload, content.bytes.toString());
  checkConditions(request.headers, bucket.get(key));
  const etag = multipartEtag(parts);
  const { headers, tags } = upload;
  bucket.set(key, {
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
    etag,
    mtimeMs: now,
    headers,
    ...(tags !== undefined && { tags }),
  });
  bucket.uploads.delete(id);
  bucket.completed.set(id, etag);
  return completed(bucket.name, key, etag);
}

function completed(bucket: string, key: string, etag: string): Answer {
  return documentOf("CompleteMultipartUploadResult", {
    Location: `/${bucket}/${key}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${etag}"`,
  });
}

function partsOf({ parts }: S3Upload, text: string): S3Part[] {
  const named = elements(text, "Part");
  demand(
    named.length > 0,
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
  const numbers = named.map((part) => Number(textOf(part, "PartNumber")));
  const isOrdered = numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));
  demand(isOrdered, 400, "InvalidPartOrder", "The list of parts was not in ascending order.");
  return named.map((part, i) => {
    const held = parts.get(numbers[i] ?? 0);
    const isHeld = held !== undefined && unquoted(textOf(part, "ETag") ?? "") === held.md5;
    demand(
      isHeld,
      400,
      "InvalidPart",
      "One or more of the specified parts could not be found, or the entity tag did not match.",
    );
    const isLarge = i === named.length - 1 || held.bytes.length >= SMALLEST_PART;
    demand(isLarge, 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    return held;
  });
}

/** AbortMultipartUpload */
export function abortUpload({ request, bucket }: Call): Answer {
  bucket.uploads.delete(bucket.upload(request.query.get("uploadId"), request.key).id);
  return { status: 204 };
}

/** ListMultipartUploads: prefix, key-marker, upload-id-marker, max-uploads, encoding-type. */
export function listUploads({ request, bucket }: Call): Answer {
  const { query } = request;
  const name = naming(request);
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const limit = Math.min(Number(query.get("max-uploads") ?? 1_000), 1_000);
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(query.get("prefix") ?? ""))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || (a.id < b.id ? -1 : 1))
    .filter(({ key, id }) => {
      const order = Buffer.compare(Buffer.from(key), Buffer.from(keyMarker));
      return order > 0 || (order === 0 && idMarker !== "" && id > idMarker);
    });
  const page = all.slice(0, limit);
  const last = page.at(-1);
  return documentOf("ListMultipartUploadsResult", {
    Bucket: bucket.name,
    EncodingType: query.get("encoding-type"),
    IsTruncated: all.length > limit,
    NextKeyMarker: all.length > limit ? name(last?.key ?? "") : undefined,
    NextUploadIdMarker: all.length > limit ? last?.id : undefined,
    Upload: page.map(({ key, id, startedMs }) => ({
      Key: name(key),
      UploadId: id,
      Initiated: new Date(startedMs).toISOString(),
    })),
  });
}

/** ListParts */
export function listParts({ request, bucket }: Call): Answer {
  const upload = bucket.upload(request.query.get("uploadId"), request.key);
  const parts = [...upload.parts].sort(([a], [b]) => a - b);
  return documentOf("ListPartsResult", {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.id,
    IsTruncated: false,
    Part: parts.map(([PartNumber, { bytes, md5 }]) => ({ PartNumber, ETag: `"${md5}"`, Size: bytes.length })),
  });
}
