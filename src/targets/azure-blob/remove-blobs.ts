import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { isNotFound } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { BatchDelete } from "./batch-delete.ts";
import type { BlobWire } from "./blob-wire.ts";

/** Deletes blobs, as `ObjectStore.remove` promises. */
export type RemoveBlobs = (keys: readonly string[], ctx: Ctx, done?: (key: string) => void) => Promise<void>;

/** https://learn.microsoft.com/rest/api/storageservices/blob-batch */
const MOST_IN_BATCH = 256;
const BATCHES_AT_ONCE = 4;
/** Up to so many, requests of their own are as fast, and the SDK need not be loaded. */
const FEW = 16;

/**
 * Batches are a short cut that not every way to sign in may take: what is not known to be gone after them is deleted by
 * a request of its own, which tells why where it can't be.
 */
export function createRemoveBlobs(
  wire: BlobWire,
  openBatches: () => Promise<BatchDelete>,
  atOnce: number,
): RemoveBlobs {
  let batches: Promise<BatchDelete> | undefined;

  return async (keys, ctx, done) => {
    const left = new Set(keys);
    const gone = (key: string) => {
      if (left.delete(key)) done?.(key);
    };
    if (keys.length > FEW) {
      batches ??= openBatches();
      const deleteBatch = await batches;
      await forEachAtOnce(inBatches(keys), BATCHES_AT_ONCE, async (batch) => {
        throwIfAborted(ctx.signal);
        for (const key of await deleteBatch(batch, ctx)) gone(key);
      });
    }
    const failures: unknown[] = [];
    await forEachAtOnce([...left], atOnce, async (key) => {
      await removeBlob(wire, key, ctx).then(
        () => gone(key),
        (error) => failures.push(error),
      );
    });
    if (failures.length > 0) throw failures[0];
  };
}

/** Snapshots of a blob would keep it from being deleted: they go with it. */
async function removeBlob(wire: BlobWire, key: string, ctx: Ctx): Promise<void> {
  try {
    const headers = { "x-ms-delete-snapshots": "include" };
    await wire.send("delete", { method: "DELETE", key, headers }, ctx);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function inBatches(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MOST_IN_BATCH);
  return Array.from({ length: count }, (_, i) => keys.slice(i * MOST_IN_BATCH, (i + 1) * MOST_IN_BATCH));
}
