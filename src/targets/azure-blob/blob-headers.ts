import type { IncomingHttpHeaders } from "node:http";
import type { Serving } from "../../core/serving.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Condition, ObjectAttributes, StoredObject } from "../objects/object-store.ts";

/** The metadata smartsync writes of its own: names must be those of C# variables. `mtime` is what rclone looks for. */
export const MARKS = { sha256: "smartsync_sha256", serving: "smartsync_serving", mtime: "mtime" };

/** The request headers that say how a blob is served; none of an older blob's is kept. */
export function servingHeaders(serving: Serving | undefined): Record<string, string> {
  if (serving === undefined) return {};
  const { contentType, cacheControl, contentEncoding, contentDisposition, contentLanguage } = serving;
  return checked({
    "x-ms-blob-content-type": contentType,
    ...(cacheControl !== undefined && { "x-ms-blob-cache-control": cacheControl }),
    ...(contentEncoding !== undefined && { "x-ms-blob-content-encoding": contentEncoding }),
    ...(contentDisposition !== undefined && { "x-ms-blob-content-disposition": contentDisposition }),
    ...(contentLanguage !== undefined && { "x-ms-blob-content-language": contentLanguage }),
  });
}

/** The request headers of a blob's metadata: what the site gives, and smartsync's own marks. */
export function metadataHeaders({ serving, sha256, mtimeMs }: ObjectAttributes): Record<string, string> {
  const headers: Record<string, string> = {};
  if (mtimeMs !== undefined) headers[`x-ms-meta-${MARKS.mtime}`] = new Date(mtimeMs).toISOString();
  for (const [name, value] of Object.entries(serving?.metadata ?? {})) {
    if (!/^[a-z_][a-z0-9_]*$/i.test(name)) throw unsupported(`metadata "${name}": names have letters, digits and _`);
    headers[`x-ms-meta-${name.toLowerCase()}`] = value;
  }
  if (sha256 !== undefined) headers[`x-ms-meta-${MARKS.sha256}`] = sha256;
  if (serving !== undefined) headers[`x-ms-meta-${MARKS.serving}`] = serving.hash;
  return checked(headers);
}

/** The request header that makes a write depend on what is there. */
export function conditionHeaders(condition: Condition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  return "ifMatch" in condition ? { "if-match": `"${condition.ifMatch}"` } : { "if-none-match": "*" };
}

/** A blob as the headers of an answer tell of it. */
export function readBlobHeaders(key: string, headers: IncomingHttpHeaders): StoredObject {
  const { "content-length": size, "last-modified": mtime } = headers;
  const [md5, sha256, serving] = ["content-md5", `x-ms-meta-${MARKS.sha256}`, `x-ms-meta-${MARKS.serving}`].map(
    (name) => headers[name]?.toString(),
  );
  return {
    key,
    size: Number(size),
    etag: etagOf(headers),
    ...(mtime && { mtimeMs: Date.parse(mtime) }),
    ...(md5 && { md5: Buffer.from(md5, "base64").toString("hex") }),
    ...(sha256 && { sha256 }),
    ...(serving && { serving }),
  };
}

/** The etag an answer names, without its quotes. */
export function etagOf(headers: IncomingHttpHeaders): string {
  return (headers.etag ?? "").replaceAll('"', "");
}

function checked(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw unsupported(`"${value}" as ${name}: headers take ASCII only`);
  }
  return headers;
}

function unsupported(what: string): SmartsyncError {
  return new SmartsyncError(`Azure can't hold ${what}`, {
    kind: "config",
    code: "header-unsendable",
    hint: "change the rule under `headers` that says so",
  });
}
