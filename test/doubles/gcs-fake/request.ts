import type { IncomingMessage } from "node:http";
import { GcsFault } from "./fault.ts";

/** What the API calls the things it does; those the fake knows. */
type Operation =
  | "insert"
  | "begin"
  | "chunk"
  | "cancel"
  | "list"
  | "get"
  | "media"
  | "patch"
  | "delete"
  | "rewrite"
  | "testPermissions";

/** A request as its line and headers say it. */
export interface GcsFakeRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly bucket: string;
  /** Of the object, or the original; "" where it is none of one. */
  readonly key: string;
  /** Of a rewrite's copy. */
  readonly to: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

const SHAPES: readonly (readonly [string, RegExp, Operation])[] = [
  ["POST", /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, "insert"],
  ["PUT", /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, "chunk"],
  ["DELETE", /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/, "cancel"],
  ["GET", /^\/storage\/v1\/b\/([^/]+)\/o$/, "list"],
  ["GET", /^\/storage\/v1\/b\/([^/]+)\/iam\/testPermissions$/, "testPermissions"],
  ["GET", /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, "get"],
  ["PATCH", /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, "patch"],
  ["DELETE", /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, "delete"],
  ["POST", /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/rewriteTo\/b\/([^/]+)\/o\/([^/]+)$/, "rewrite"],
];

/** Every parameter an operation takes; others are refused, since the real API would ignore a misspelt condition. */
const PARAMETERS: Readonly<Record<Operation, readonly string[]>> = {
  insert: ["uploadType", "name", "predefinedAcl", "kmsKeyName", "ifGenerationMatch", "ifMetagenerationMatch", "fields"],
  begin: ["uploadType", "name", "predefinedAcl", "kmsKeyName", "ifGenerationMatch", "ifMetagenerationMatch"],
  chunk: ["uploadType", "upload_id"],
  cancel: ["uploadType", "upload_id"],
  list: ["prefix", "startOffset", "endOffset", "maxResults", "pageToken", "fields"],
  get: ["fields"],
  media: ["alt"],
  patch: ["ifGenerationMatch", "ifMetagenerationMatch", "fields"],
  delete: ["ifGenerationMatch", "ifMetagenerationMatch"],
  rewrite: [
    ...["destinationPredefinedAcl", "destinationKmsKeyName", "rewriteToken", "fields"],
    ...["ifGenerationMatch", "ifMetagenerationMatch", "ifSourceGenerationMatch", "ifSourceMetagenerationMatch"],
  ],
  testPermissions: ["permissions"],
};

/** Reads a request's line and headers; throws a fault for what the fake does not know. */
export function readRequest({ method = "", url = "/", headers }: IncomingMessage): GcsFakeRequest {
  const { pathname, searchParams: query } = new URL(url, "http://fake");
  for (const [wanted, shape, plain] of SHAPES) {
    const found = wanted === method ? shape.exec(pathname) : null;
    if (found === null) continue;
    const [bucket = "", key = "", , to = ""] = found.slice(1).map(decodeURIComponent);
    const operation = refine(plain, query);
    for (const name of query.keys()) {
      if (name !== "userProject" && !PARAMETERS[operation].includes(name))
        throw new GcsFault(400, "invalidParameter", `${operation} has no parameter ${name}`);
    }
    return { operation, method, bucket, key, to, query, headers: textsOf(headers) };
  }
  throw new GcsFault(404, "notFound", `Not Found: the fake knows no ${method} ${pathname}`);
}

function refine(operation: Operation, query: URLSearchParams): Operation {
  if (operation === "insert" && query.get("uploadType") === "resumable") return "begin";
  if (operation === "get" && query.get("alt") === "media") return "media";
  return operation;
}

function textsOf(headers: IncomingMessage["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}`]));
}
