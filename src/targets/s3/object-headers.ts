import type { IncomingHttpHeaders } from "node:http";
import type { ObjectAttributes, StoredObject } from "../objects/object-store.ts";
import type { S3Settings } from "./s3-settings.ts";

const SHA256 = "x-amz-meta-smartsync-sha256";
const SERVING = "x-amz-meta-smartsync-serving";
/** Where rclone keeps a file's time (seconds, with a fraction) and its MD5 where the ETag is none (Base64). */
const MTIME = "x-amz-meta-mtime";
const MD5 = "x-amz-meta-md5chksum";

/** The headers of a write that give an object its attributes, and what every object of this bucket is given. */
export function headersOf(attributes: ObjectAttributes, settings: S3Settings): Record<string, string> {
  const headers: Record<string, string> = { ...settings.headers };
  const { serving, sha256, mtimeMs } = attributes;
  if (sha256 !== undefined) headers[SHA256] = sha256;
  if (mtimeMs !== undefined) headers[MTIME] = String(mtimeMs / 1000);
  if (serving === undefined) return headers;
  headers[SERVING] = serving.hash;
  headers["content-type"] = serving.contentType;
  if (serving.cacheControl !== undefined) headers["cache-control"] = serving.cacheControl;
  if (serving.contentEncoding !== undefined) headers["content-encoding"] = serving.contentEncoding;
  if (serving.contentDisposition !== undefined) headers["content-disposition"] = serving.contentDisposition;
  if (serving.contentLanguage !== undefined) headers["content-language"] = serving.contentLanguage;
  if (serving.redirect !== undefined && settings.redirects) {
    headers["x-amz-website-redirect-location"] = encodeURI(decodeUri(serving.redirect));
  }
  for (const name in serving.metadata) headers[`x-amz-meta-${name}`] = mailSafe(serving.metadata[name] ?? "");
  return headers;
}

/** What a store says of an object. */
export interface ObjectFacts {
  readonly headers: IncomingHttpHeaders;
  readonly size: number;
}

/** What the headers of an object tell of it. */
export function readObject(key: string, { headers, size }: ObjectFacts, { md5Etags }: S3Settings): StoredObject {
  const etag = bareEtag(headers.etag);
  const kms = String(headers["x-amz-server-side-encryption"] ?? "").startsWith("aws:kms");
  const md5 = (md5Etags && !kms ? md5OfEtag(etag) : undefined) ?? md5OfRclone(textOf(headers, MD5));
  const mtimeMs = Date.parse(headers["last-modified"] ?? "");
  const sha256 = textOf(headers, SHA256);
  const serving = textOf(headers, SERVING);
  return {
    key,
    size,
    etag,
    ...(!Number.isNaN(mtimeMs) && { mtimeMs }),
    ...(md5 !== undefined && { md5 }),
    ...(sha256 !== undefined && { sha256 }),
    ...(serving !== undefined && { serving }),
  };
}

/** Those headers of an object that a copy has to be given again where it does not inherit them. */
export function inheritedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept =
    /^(content-(type|encoding|disposition|language)|cache-control|x-amz-meta-.*|x-amz-website-redirect-location)$/;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      kept.test(name) && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

/** An ETag without its quotes. */
export function bareEtag(etag: string | undefined): string {
  return etag?.replace(/^"|"$/g, "") ?? "";
}

/** The MD5 an ETag is, where it looks like one; that of several parts has a dash and their number behind it. */
export function md5OfEtag(etag: string): string | undefined {
  return /^[0-9a-f]{32}$/i.test(etag) ? etag.toLowerCase() : undefined;
}

function md5OfRclone(base64: string | undefined): string | undefined {
  const bytes = Buffer.from(base64 ?? "", "base64");
  return bytes.length === 16 ? bytes.toString("hex") : undefined;
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** S3 reads metadata beyond ASCII as mail has it (RFC 2047), and answers so. */
function mailSafe(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** A location may be encoded already, wholly or not at all. */
function decodeUri(location: string): string {
  try {
    return decodeURI(location);
  } catch {
    return location;
  }
}
