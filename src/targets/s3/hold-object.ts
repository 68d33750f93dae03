import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { HeldObject, ObjectAttributes } from "../objects/object-store.ts";
import { finishUpload } from "./finish-upload.ts";
import { abortUpload, createUpload, listUploads, sendPart } from "./multipart.ts";
import type { S3Connection } from "./s3-connection.ts";
import { isForbidden, orGiveUp, type PartSender, repeatedly, sendParts } from "./send-parts.ts";

/** S3 refuses requests whose clock is further off than this, so that ours can't be. */
const CLOCKS_DIFFER_MS = 15 * 60_000;

/** `ObjectStore.hold`: an upload in parts whose completion, the one small step, is left for later. */
export async function holdObject(
  sender: PartSender,
  key: string,
  body: Uint8Array | Readable,
  attributes: ObjectAttributes,
  ctx: Ctx,
): Promise<HeldObject> {
  const { connection } = sender;
  const upload = await createUpload(connection, key, attributes, ctx);
  const parts = await orGiveUp(connection, upload, ctx, async () =>
    body instanceof Uint8Array
      ? [await sendPart(connection, upload, 1, body, ctx)]
      : sendParts(sender, upload, body, ctx),
  );
  return {
    // A store that is still at work on a commit whose caller went away says that it failed.
    commit: (ctx) => repeatedly(() => finishUpload(connection, upload, parts, attributes, ctx), ctx, isServerError),
    discard: (ctx) => abortUpload(connection, upload, ctx),
  };
}

/** Not so a store that wants fewer requests: the layers above slow down. */
function isServerError(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "server-error";
}

/** `ObjectStore.dropHeld`: gives up uploads that killed runs left open. Where listing them is not allowed they only cost money. */
export async function dropHeld(
  connection: S3Connection,
  keys: ReadonlySet<string>,
  since: number,
  ctx: Ctx,
): Promise<void> {
  if (keys.size === 0) return;
  try {
    for await (const upload of listUploads(connection, commonStart(keys), ctx)) {
      if (keys.has(upload.key) && upload.begunMs >= since - CLOCKS_DIFFER_MS)
        await abortUpload(connection, upload, ctx);
    }
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}

/** What all of these begin with. */
function commonStart(keys: Iterable<string>): string {
  let start: string | undefined;
  for (const key of keys) {
    if (start === undefined) start = key.slice(0, key.lastIndexOf("/") + 1);
    while (!key.startsWith(start)) start = start.slice(0, start.lastIndexOf("/", start.length - 2) + 1);
  }
  return start ?? "";
}
