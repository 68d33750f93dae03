import { hash } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import type { NameRules } from "../../core/names.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { isNotFound } from "../../lib/errors.ts";
import type { HeldObject, ObjectAttributes, ObjectStore, StoredObject, Written } from "../objects/object-store.ts";
import { openBatchDelete } from "./batch-delete.ts";
import { conditionHeaders, etagOf, metadataHeaders, readBlobHeaders, servingHeaders } from "./blob-headers.ts";
import { type BlobAnswer, type BlobWire, createBlobWire, placeOf } from "./blob-wire.ts";
import { copyBlob, serveBlobAs } from "./copy-blob.ts";
import { examineContainer } from "./examine-container.ts";
import { readListing } from "./read-listing.ts";
import { createRemoveBlobs } from "./remove-blobs.ts";
import { blockList, type SentBlocks, sendBlocks } from "./send-blocks.ts";
import type { Account } from "./sign-in.ts";

/** Which container, and what new blobs in it are given. */
export interface StoreOptions {
  readonly container: string;
  readonly connections: number;
  /** The access tier; the account's own when absent. */
  readonly tier?: string;
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata: 1,024 characters; bytes are the careful reading. */
const NAMES: NameRules = {
  foldsCase: false,
  foldsUnicode: false,
  maxSegmentBytes: 1_024,
  maxPathBytes: 1_024,
  windows: false,
  flat: true,
  // A backslash would become a slash there.
  encodedLength: (name) => (name.includes("\\") ? null : Buffer.byteLength(name)),
};

const LARGE_FROM = 4 << 20;
const PAGE_SIZE = "5000";

/** One container of a storage account. Nothing is asked before the first call. */
export function azureBlobStore(account: Account, { container, connections, tier }: StoreOptions): ObjectStore {
  const wire = createBlobWire(account, container, connections);
  const tierHeaders: Record<string, string> = tier === undefined ? {} : { "x-ms-access-tier": tier };

  function whole(attributes: ObjectAttributes): Record<string, string> {
    return {
      ...servingHeaders(attributes.serving),
      ...metadataHeaders(attributes),
      // Records are written anew at every delivery, which a cool tier charges for.
      ...(attributes.serving && tierHeaders),
    };
  }

  async function commit(key: string, blocks: SentBlocks, attributes: ObjectAttributes, ctx: Ctx): Promise<Written> {
    // Whatever is not given again is lost, the MD5 too.
    const headers = { ...whole(attributes), "x-ms-blob-content-md5": blocks.md5 };
    const query = { comp: "blocklist" };
    const request = { method: "PUT", key, query, headers, body: blockList(blocks.ids) } as const;
    return written(await wire.send("write", request, ctx));
  }

  return {
    place: placeOf(account, container),
    features: ["conditional writes", "staged in uncommitted blocks"],
    concurrency: connections,
    names: NAMES,
    conditions: "yes",
    redirects: false,
    largeFrom: LARGE_FROM,
    list: (range, ctx) => listBlobs(wire, range, ctx),
    get: (key, ctx) =>
      unlessMissing(async () => {
        const { headers, body } = await wire.send("read", { method: "GET", key }, ctx);
        return { content: body, etag: etagOf(headers) };
      }),
    head: (key, ctx) =>
      unlessMissing(async () => {
        const { headers } = await wire.send("look at", { method: "HEAD", key }, ctx);
        return readBlobHeaders(key, headers);
      }),
    async put(key, content, attributes, ctx, condition) {
      const headers = {
        ...whole(attributes),
        ...conditionHeaders(condition),
        "x-ms-blob-type": "BlockBlob",
        "content-md5": hash("md5", content, "base64"),
      };
      return written(await wire.send("write", { method: "PUT", key, headers, body: content }, ctx));
    },
    async putLarge(key, body, attributes, ctx) {
      return commit(key, await sendBlocks(wire, key, body, ctx), attributes, ctx);
    },
    async copy(from, to, { attributes, ifMatch }, ctx) {
      if (from === to && attributes) return serveBlobAs(wire, to, attributes, ifMatch, ctx);
      const copied = await copyBlob(wire, from, to, ifMatch, ctx);
      return attributes ? serveBlobAs(wire, to, attributes, copied.etag, ctx) : copied;
    },
    remove: createRemoveBlobs(wire, () => openBatchDelete(account, container, wire), connections),
    async hold(key, _beside, body, attributes, ctx) {
      const blocks = await sendBlocks(wire, key, body, ctx);
      return heldBlob((ctx) => commit(key, blocks, attributes, ctx));
    },
    // Blocks can't be taken away: the next write of their blob does it, or a week.
    dropHeld: async () => {},
    cutsRanges: false,
    examine: (scratchKey, ctx) => examineContainer(wire, container, scratchKey, ctx),
    [Symbol.asyncDispose]: async () => wire[Symbol.dispose](),
  };
}

function heldBlob(commit: (ctx: Ctx) => Promise<Written>): HeldObject {
  let committed: Written | undefined;
  return {
    commit: async (ctx) => {
      throwIfAborted(ctx.signal);
      committed ??= await commit(ctx);
      return committed;
    },
    discard: async () => {},
  };
}

function written({ headers }: BlobAnswer): Written {
  return { etag: etagOf(headers) };
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Azure knows prefixes and pages only, in an order of its own: a range is cut out of the whole. */
async function* listBlobs(
  wire: BlobWire,
  { prefix, from, until }: Parameters<ObjectStore["list"]>[0],
  ctx: Ctx,
): AsyncGenerator<readonly StoredObject[]> {
  const [first, end] = [from, until].map((key) => (key === undefined ? undefined : Buffer.from(key)));
  const inRange = ({ key }: StoredObject) => {
    const bytes = Buffer.from(key);
    return (!first || Buffer.compare(bytes, first) >= 0) && (!end || Buffer.compare(bytes, end) < 0);
  };
  let marker = "";
  do {
    const query = {
      ...{ restype: "container", comp: "list", include: "metadata", maxresults: PAGE_SIZE },
      ...(prefix && { prefix }),
      ...(marker && { marker }),
    };
    const { body } = await wire.send("list", { method: "GET", query }, ctx);
    const { objects, next } = readListing(body.toString());
    yield first || end ? objects.filter(inRange) : objects;
    marker = next;
  } while (marker !== "");
}
