import type { IncomingMessage } from "node:http";
import { demand, S3Fault } from "./fault.ts";

/** A request as its line and headers say it; the body is read later. */
export interface S3Request {
  readonly method: string;
  readonly operation: Operation;
  readonly addressing: "path" | "virtual-host" | "custom-domain";
  readonly host: string;
  /** "" where the request is none of a bucket, or none of an object. */
  readonly bucket: string;
  readonly key: string;
  /** As it came, still encoded. */
  readonly path: string;
  /** Decoded; a parameter without a value has "". */
  readonly query: ReadonlyMap<string, string>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What S3 calls the things it does; those the fake knows. */
export type Operation = (typeof OBJECT_OPERATIONS)[number][1] | (typeof BUCKET_OPERATIONS)[number][1] | "AssumeRole";

/** "METHOD parameter", the first that fits; a parameter is one of the query or, in lower case, a header. */
const OBJECT_OPERATIONS = [
  ["PUT partNumber", "UploadPart"],
  ["PUT x-amz-copy-source", "CopyObject"],
  ["PUT", "PutObject"],
  ["GET uploadId", "ListParts"],
  ["GET tagging", "GetObjectTagging"],
  ["GET", "GetObject"],
  ["HEAD", "HeadObject"],
  ["DELETE uploadId", "AbortMultipartUpload"],
  ["DELETE", "DeleteObject"],
  ["POST uploads", "CreateMultipartUpload"],
  ["POST uploadId", "CompleteMultipartUpload"],
] as const;

const BUCKET_OPERATIONS = [
  ["PUT", "CreateBucket"],
  ["DELETE", "DeleteBucket"],
  ["HEAD", "HeadBucket"],
  ["POST delete", "DeleteObjects"],
  ["GET list-type", "ListObjectsV2"],
  ["GET uploads", "ListMultipartUploads"],
  ["GET location", "GetBucketLocation"],
] as const;

/** The names under which buckets are found besides in paths. */
export interface Domains {
  /** "s3.localhost": then "site.s3.localhost" is the bucket "site". */
  readonly endpoint: string;
  /** Whole host names of single buckets. */
  readonly custom: Readonly<Record<string, string>>;
}

/** Reads a request's line and headers. */
export function readRequest(message: IncomingMessage, domains: Domains): S3Request {
  const { method = "", url = "/" } = message;
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? NO_QUERY : readQuery(url.slice(mark + 1));
  const headers = readHeaders(message);
  const host = headers.host ?? "";
  const { bucket, key, addressing } = addressed(host.replace(/:\d+$/, ""), path, domains);
  const isRoleCall = method === "POST" && bucket === "";
  const operation = isRoleCall ? "AssumeRole" : operationOf(method, bucket, key, query, headers);
  return { method, operation, addressing, host, bucket, key, path, query, headers };
}

const NO_QUERY: ReadonlyMap<string, string> = new Map();

function readQuery(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("&").map((pair): [string, string] => {
    const [name = "", ...value] = pair.split("=");
    return [decode(name.replaceAll("+", " ")), decode(value.join("=").replaceAll("+", " "))];
  });
  return new Map(pairs);
}

/** What isn't ASCII is refused: S3 takes nothing else in a header (its developers say to encode it by RFC 2047). */
function readHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    const text = Array.isArray(value) ? value.join(",") : (value ?? "");
    demand(/^[\t\x20-\x7e]*$/.test(text), 400, "InvalidArgument", `the header ${name} has characters outside of ASCII`);
    headers[name] = text;
  }
  return headers;
}

function addressed(host: string, path: string, domains: Domains): Pick<S3Request, "bucket" | "key" | "addressing"> {
  const own = domains.custom[host];
  if (own !== undefined) return { bucket: own, key: decode(path.slice(1)), addressing: "custom-domain" };
  if (host.endsWith(`.${domains.endpoint}`)) {
    const bucket = host.slice(0, -domains.endpoint.length - 1);
    return { bucket, key: decode(path.slice(1)), addressing: "virtual-host" };
  }
  const slash = path.indexOf("/", 1);
  if (slash < 0) return { bucket: decode(path.slice(1)), key: "", addressing: "path" };
  return { bucket: decode(path.slice(1, slash)), key: decode(path.slice(slash + 1)), addressing: "path" };
}

function operationOf(
  method: string,
  bucket: string,
  key: string,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): Operation {
  const known = bucket === "" ? [] : key === "" ? BUCKET_OPERATIONS : OBJECT_OPERATIONS;
  for (const [what, operation] of known) {
    const [wanted, parameter] = what.split(" ");
    if (wanted !== method) continue;
    if (parameter === undefined || query.has(parameter) || parameter in headers) return operation;
  }
  throw new S3Fault(501, "NotImplemented", `the fake knows no ${method} with ${[...query.keys()].join(", ")}`);
}

function decode(text: string): string {
  try {
    return text.includes("%") ? decodeURIComponent(text) : text;
  } catch {
    throw new S3Fault(400, "InvalidURI", `not percent-encoded UTF-8: ${text}`);
  }
}

/** A write as a server sees it that knows its conditions, knows nothing of them, or refuses them. */
export function withConditions(request: S3Request, how: "kept" | "ignored" | "refused" = "kept"): S3Request {
  const { "if-match": match, "if-none-match": noneMatch, ...headers } = request.headers;
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (how === "kept" || isRead || (match === undefined && noneMatch === undefined)) return request;
  demand(
    how === "ignored",
    501,
    "NotImplemented",
    "A header you provided implies functionality that is not implemented",
  );
  return { ...request, headers };
}
