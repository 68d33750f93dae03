import type { Ctx } from "../../core/context.ts";
import { SmartsyncError, toSmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { deleteObject, type GcsBucket } from "./gcs-bucket.ts";

/**
 * Deletes objects, each by a request of its own, so many at once: `ObjectStore.remove`. (The API's batches of 100 calls
 * do the same work behind one request; other services that speak its language lack them.)
 */
export async function removeObjects(
  bucket: GcsBucket,
  keys: readonly string[],
  atOnce: number,
  ctx: Ctx,
  done: ((key: string) => void) | undefined,
): Promise<void> {
  const failures: SmartsyncError[] = [];
  await forEachAtOnce(keys, atOnce, async (key) => {
    try {
      await deleteObject(bucket, key, ctx);
    } catch (error) {
      failures.push(toSmartsyncError(error));
      return;
    }
    done?.(key);
  });
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const { kind, code, hint } = first;
  const message = `${first.message}; and ${others.length} more could not be deleted`;
  throw new SmartsyncError(message, { kind, code, ...(hint && { hint }), cause: first });
}
