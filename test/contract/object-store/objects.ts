import type { Ctx } from "../../../src/core/context.ts";
import { type ServingHeaders, servingHash } from "../../../src/core/serving.ts";
import { forEachAtOnce } from "../../../src/lib/for-each.ts";
import type { ObjectAttributes, ObjectStore, StoredObject } from "../../../src/targets/objects/object-store.ts";

/** What a file is given that is served so. */
export function attributesOf(headers: Partial<ServingHeaders> = {}, sha256 = "ab".repeat(32)): ObjectAttributes {
  const all = { contentType: "text/html; charset=utf-8", ...headers };
  return { serving: { ...all, hash: servingHash(all) }, sha256, mtimeMs: Date.UTC(2026, 1, 3, 4, 5, 6) };
}

/** Puts an object that says its own key, with a page's attributes. */
export function putText(store: ObjectStore, key: string, ctx: Ctx, text = `これは ${key}`) {
  return store.put(key, Buffer.from(text), attributesOf(), ctx);
}

/** Puts one small object under each of many keys. */
export async function fill(store: ObjectStore, keys: readonly string[], ctx: Ctx): Promise<void> {
  await forEachAtOnce(keys, 16, async (key) => void (await putText(store, key, ctx)));
}

/** The object's content as text; undefined when there is none. */
export async function textOf(store: ObjectStore, key: string, ctx: Ctx): Promise<string | undefined> {
  const found = await store.get(key, ctx);
  return found && Buffer.from(found.content).toString();
}

/** Everything that a range holds, in the order it comes; by the keys' bytes where the store has an order of its own. */
export async function listed(
  store: ObjectStore,
  range: Parameters<ObjectStore["list"]>[0],
  ctx: Ctx,
): Promise<StoredObject[]> {
  const found = (await Array.fromAsync(store.list(range, ctx))).flat();
  if (store.cutsRanges !== false) return found;
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/** The keys of a range, in the order they come. */
export async function keysIn(
  store: ObjectStore,
  range: Parameters<ObjectStore["list"]>[0],
  ctx: Ctx,
): Promise<string[]> {
  return (await listed(store, range, ctx)).map(({ key }) => key);
}

/** These in the order stores keep them: by their UTF-8 bytes. */
export function inKeyOrder(keys: readonly string[]): string[] {
  return keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
