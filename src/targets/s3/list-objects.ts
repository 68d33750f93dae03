import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { Ctx } from "../../core/context.ts";
import type { StoredObject } from "../objects/object-store.ts";
import { DEEDS } from "./deeds.ts";
import { bareEtag, md5OfEtag } from "./object-headers.ts";
import type { S3Connection } from "./s3-connection.ts";

/** `ObjectStore.list`: 1,000 objects a page. */
export async function* listObjects(
  connection: S3Connection,
  range: { prefix: string; from?: string; until?: string },
  ctx: Ctx,
): AsyncGenerator<readonly StoredObject[]> {
  const { prefix, from, until } = range;
  const { md5Etags } = connection.settings;
  const after = from === undefined ? "" : justBefore(from);
  const ask = {
    // Keys may hold characters that XML can't.
    EncodingType: "url",
    ...(prefix !== "" && { Prefix: prefix }),
    ...(after !== "" && { StartAfter: after }),
  } as const;
  let next: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await connection.viaSdk(
      DEEDS.list,
      prefix,
      (client, { Bucket, abortSignal }) =>
        client.send(
          new ListObjectsV2Command({ ...ask, Bucket, ...(next !== undefined && { ContinuationToken: next }) }),
          {
            abortSignal,
          },
        ),
      ctx,
    );
    const decode = page.EncodingType === "url" ? decodeKey : (key: string) => key;
    const objects = (page.Contents ?? []).map(({ Key = "", Size = 0, ETag, LastModified }): StoredObject => {
      const etag = bareEtag(ETag);
      const md5 = md5Etags ? md5OfEtag(etag) : undefined;
      return {
        key: decode(Key),
        size: Size,
        etag,
        ...(LastModified && { mtimeMs: LastModified.getTime() }),
        ...(md5 !== undefined && { md5 }),
      };
    });
    const inside = objects.filter(({ key }) => !isBefore(key, from) && (until === undefined || isBefore(key, until)));
    if (inside.length > 0) yield inside;
    // Keys come in order: what is left out at the end was the last that is of interest.
    const last = objects.at(-1);
    if (last && until !== undefined && !isBefore(last.key, until)) return;
    next = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (next !== undefined);
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
