import type { Ctx } from "../../core/context.ts";
import type { BlobWire } from "./blob-wire.ts";
import type { Account } from "./sign-in.ts";

/** Deletes up to 256 blobs in one request; gives those that are certainly gone, none where batches are refused. */
export type BatchDelete = (keys: readonly string[], ctx: Ctx) => Promise<string[]>;

const ACCEPTED = 202;
const NOT_FOUND = 404;

/** Loads Azure's SDK, which writes and reads the many requests inside of one. */
export async function openBatchDelete(account: Account, container: string, wire: BlobWire): Promise<BatchDelete> {
  const sdk = await import("@azure/storage-blob");
  const { name, key: accountKey, token, endpoint, sas } = account;
  const address = `${endpoint}/${container}${sas === undefined ? "" : `?${sas}`}`;
  let refused = false;

  return async (keys, ctx) => {
    if (refused) return [];
    const credential = accountKey
      ? new sdk.StorageSharedKeyCredential(name, accountKey.toString("base64"))
      : token
        ? { getToken: async () => ({ token: await token(ctx), expiresOnTimestamp: ctx.clock.now() + 60_000 }) }
        : new sdk.AnonymousCredential();
    const client = new sdk.BlobBatchClient(address, credential, { retryOptions: { maxTries: 1 } });
    const batch = client.createBatch();
    try {
      for (const key of keys) await batch.deleteBlob(wire.addressOf(key), credential, { deleteSnapshots: "include" });
      const { subResponses } = await client.submitBatch(batch, { abortSignal: ctx.signal });
      return keys.filter((_, at) => [ACCEPTED, NOT_FOUND].includes(subResponses[at]?.status ?? 0));
    } catch {
      // Whatever it was: a delete of its own for each fails of the same, and says it better.
      refused = true;
      return [];
    }
  };
}
