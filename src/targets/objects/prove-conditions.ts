import type { Ctx } from "../../core/context.ts";
import { isTransient, SmartsyncError } from "../../lib/errors.ts";
import { isConditionFailed } from "./condition-failed.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Whether the store really refuses to put an object only if absent where there is one: tried with an object of its own,
 * since a store that ignores conditions would replace whatever is there.
 */
export async function proveConditions(store: ObjectStore, scratchKey: string, ctx: Ctx): Promise<boolean> {
  const put = () => store.put(scratchKey, Buffer.from("smartsync probe\n"), {}, ctx, { ifAbsent: true });
  try {
    await put();
  } catch (error) {
    if (isUnable(error)) return false;
    throw error;
  }
  try {
    await put();
    return false;
  } catch (error) {
    if (isConditionFailed(error)) return true;
    throw error;
  } finally {
    await store.remove([scratchKey], ctx);
  }
}

/** The store says that it does not know conditions, and not that the line is down or that it refuses writes at all. */
function isUnable(error: unknown): boolean {
  if (!(error instanceof SmartsyncError) || isTransient(error)) return false;
  return error.kind !== "aborted" && error.kind !== "auth" && error.code !== "bucket-missing";
}
