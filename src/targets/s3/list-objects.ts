import type { Ctx } from "../../core/context.ts";
import type { StoredObject } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { listPages } from "./list-pages.ts";
import { bareEtag, md5OfEtag } from "./object-headers.ts";
import type { S3Connection } from "./s3-connection.ts";
import { readElement, readElements } from "./xml.ts";

/** `ObjectStore.list`: 1,000 objects a page (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html). */
export async function* listObjects(
  connection: S3Connection,
  range: { prefix: string; from?: string; until?: string },
  ctx: Ctx,
): AsyncGenerator<readonly StoredObject[]> {
  const { prefix, from, until } = range;
  const after = from === undefined ? "" : justBefore(from);
  const list = {
    deed: DEEDS.list,
    root: "ListBucketResult",
    query: {
      "list-type": "2",
      // Keys may hold characters that XML can't.
      "encoding-type": "url",
      ...(prefix !== "" && { prefix }),
      ...(after !== "" && { "start-after": after }),
    },
    next: { NextContinuationToken: "continuation-token" },
  };
  for await (const page of listPages(connection, list, ctx)) {
    const decode = readElement(page, "EncodingType") === "url" ? decodeKey : (key: string) => key;
    const objects = readElements(page, "Contents").map((object) => readListed(object, decode, connection));
    // Keys come in order: what does not belong to the range is at the ends.
    const first = objects.findIndex(({ key }) => !isBefore(key, from));
    const last = until === undefined ? objects.length - 1 : objects.findLastIndex(({ key }) => isBefore(key, until));
    if (first !== -1 && first <= last) yield objects.slice(first, last + 1);
    if (last < objects.length - 1) return;
  }
}

function readListed(xml: string, decode: (key: string) => string, { settings }: S3Connection): StoredObject {
  const etag = bareEtag(readElement(xml, "ETag"));
  const md5 = settings.md5Etags ? md5OfEtag(etag) : undefined;
  const mtimeMs = Date.parse(readElement(xml, "LastModified") ?? "");
  return {
    key: decode(readElement(xml, "Key") ?? ""),
    size: Number(readElement(xml, "Size") ?? 0),
    etag,
    ...(!Number.isNaN(mtimeMs) && { mtimeMs }),
    ...(md5 !== undefined && { md5 }),
  };
}

/** Keys in lists are encoded like forms. */
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

/** True when the key stands before the other in the order of stores: by UTF-8 bytes. */
function isBefore(key: string, other: string | undefined): boolean {
  return other !== undefined && key !== other && Buffer.compare(Buffer.from(key), Buffer.from(other)) < 0;
}

/** A key shortly before this one, as lists begin *after* a key: its last character one lower, and far behind that. */
function justBefore(key: string): string {
  const characters = [...key];
  const last = characters.pop()?.codePointAt(0) ?? 0;
  // No characters are numbered from 0xd800 to 0xdfff.
  const lower = last === 0xe000 ? 0xd7ff : last - 1;
  return characters.join("") + (lower > 0x20 ? `${String.fromCodePoint(lower)}\ufffd` : "");
}
