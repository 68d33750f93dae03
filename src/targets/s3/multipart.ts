import { hash } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ObjectAttributes, Written } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { listPages } from "./list-pages.ts";
import { bareEtag, headersOf } from "./object-headers.ts";
import { checksumHeader } from "./put-object.ts";
import type { S3Connection } from "./s3-connection.ts";
import { escapeXml, readElement, readElements } from "./xml.ts";

/** An upload in parts that is not completed yet. */
export interface Upload {
  readonly key: string;
  readonly id: string;
}

/** A part as `completeUpload` names it: its number from 1 on, and what the store said of it, as XML. */
export interface Part {
  readonly number: number;
  readonly etag: string;
  readonly checksum?: { readonly element: string; readonly value: string };
}

/** Begins an upload in parts; the object's attributes are given now. `headers` take the place of those they make. */
export async function createUpload(
  connection: S3Connection,
  key: string,
  attributes: ObjectAttributes | { readonly headers: Readonly<Record<string, string>> },
  ctx: Ctx,
): Promise<Upload> {
  const { settings } = connection;
  const headers =
    "headers" in attributes ? { ...settings.headers, ...attributes.headers } : headersOf(attributes, settings);
  if (settings.checksum === "crc32" || settings.checksum === "sha256") {
    headers["x-amz-checksum-algorithm"] = settings.checksum.toUpperCase();
  }
  const answer = await connection.request(
    { deed: DEEDS.write, method: "POST", key, query: { uploads: "" }, headers },
    ctx,
  );
  const id = readElement(answer.body.toString(), "UploadId");
  if (id === undefined) throw noStore(connection, key);
  return { key, id };
}

/** Sends one part. The store checks it by the SHA-256 it is signed with, and by the preset's checksum. */
export async function sendPart(
  connection: S3Connection,
  { key, id }: Upload,
  number: number,
  body: Uint8Array,
  ctx: Ctx,
): Promise<Part> {
  const headers = checksumHeader(connection.settings.checksum, body);
  const query = { partNumber: String(number), uploadId: id };
  const answer = await connection.request({ deed: DEEDS.write, method: "PUT", key, query, headers, body }, ctx);
  const part = { number, etag: bareEtag(answer.headers.etag) };
  const [name, value] = Object.entries(headers).find(([each]) => each.startsWith("x-amz-checksum-")) ?? [];
  if (name === undefined || value === undefined) return part;
  return { ...part, checksum: { element: `Checksum${name.slice("x-amz-checksum-".length).toUpperCase()}`, value } };
}

/** Has the store copy a range of another object as a part; both ends are inclusive. */
export async function copyPart(
  connection: S3Connection,
  { key, id }: Upload,
  number: number,
  source: Readonly<Record<string, string>>,
  [first, last]: readonly [first: number, last: number],
  ctx: Ctx,
): Promise<Part> {
  const headers = { ...source, "x-amz-copy-source-range": `bytes=${first}-${last}` };
  const query = { partNumber: String(number), uploadId: id };
  const answer = await connection.request({ deed: DEEDS.copy, method: "PUT", key, query, headers }, ctx);
  const etag = readElement(answer.body.toString(), "ETag");
  if (etag === undefined) throw noStore(connection, key);
  return { number, etag: bareEtag(etag) };
}

/** Makes the object of its parts, in one step; undefined when the store knows no such upload (any more). */
export async function completeUpload(
  connection: S3Connection,
  { key, id }: Upload,
  parts: readonly Part[],
  ctx: Ctx,
): Promise<Written | undefined> {
  const list = parts.map(({ number, etag, checksum }) => {
    const sum = checksum === undefined ? "" : `<${checksum.element}>${checksum.value}</${checksum.element}>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(`"${etag}"`)}</ETag>${sum}</Part>`;
  });
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join("")}</CompleteMultipartUpload>`,
  );
  const headers = { "content-type": "application/xml", "content-md5": hash("md5", body, "base64") };
  const outcome = await connection.ask(
    { deed: DEEDS.write, method: "POST", key, query: { uploadId: id }, headers, body },
    ctx,
  );
  if ("answer" in outcome) {
    return { etag: bareEtag(readElement(outcome.answer.body.toString(), "ETag")) || etagOfParts(parts) };
  }
  if (outcome.failure.code === "NoSuchUpload") return undefined;
  throw outcome.error;
}

/** The ETag of an object made of parts: the MD5 of their MD5s. Older Cephs leave it for the client to work out. */
export function etagOfParts(parts: readonly Part[]): string {
  return `${hash("md5", Buffer.from(parts.map(({ etag }) => etag).join(""), "hex"))}-${parts.length}`;
}

/** Gives an upload up and frees what its parts take; fine when there is none any more. */
export async function abortUpload(connection: S3Connection, { key, id }: Upload, ctx: Ctx): Promise<void> {
  const outcome = await connection.ask({ deed: DEEDS.abort, method: "DELETE", key, query: { uploadId: id } }, ctx);
  if ("error" in outcome && !/^(NoSuchUpload|NoSuchKey|NotFound)$/.test(outcome.failure.code)) throw outcome.error;
}

/** Every upload that was begun and neither completed nor given up, of keys that begin so. */
export async function* listUploads(
  connection: S3Connection,
  prefix: string,
  ctx: Ctx,
): AsyncGenerator<Upload & { readonly begunMs: number }> {
  const list = {
    deed: DEEDS.listUploads,
    root: "ListMultipartUploadsResult",
    query: { uploads: "", ...(prefix !== "" && { prefix }) },
    next: { NextKeyMarker: "key-marker", NextUploadIdMarker: "upload-id-marker" },
  };
  for await (const page of listPages(connection, list, ctx)) {
    for (const upload of readElements(page, "Upload")) {
      const key = readElement(upload, "Key");
      const id = readElement(upload, "UploadId");
      const begunMs = Date.parse(readElement(upload, "Initiated") ?? "") || 0;
      if (key !== undefined && id !== undefined) yield { key, id, begunMs };
    }
  }
}

function noStore({ place }: S3Connection, key: string): SmartsyncError {
  return new SmartsyncError(`could not write ${place}/${key}: the answer is not one of an S3 store`, {
    kind: "config",
    code: "store-unclear",
    hint: "see whether the endpoint is the store's own and not a web site's",
  });
}
