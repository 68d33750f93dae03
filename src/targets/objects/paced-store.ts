import { Readable } from "node:stream";
import type { HeldObject, ObjectStore, StoredObject } from "./object-store.ts";
import type { Pace } from "./pace.ts";

/** The same store with every call made at a pace; what reads a stream is not made again, since that is used up. */
export function pacedStore(store: ObjectStore, pace: Pace): ObjectStore {
  const paced = (held: HeldObject): HeldObject => ({
    commit: (ctx) => pace(ctx, () => held.commit(ctx)),
    discard: (ctx) => pace(ctx, () => held.discard(ctx)),
  });

  return {
    ...store,
    async *list(range, ctx) {
      let pages: AsyncIterator<readonly StoredObject[]> | undefined;
      let last: string | undefined;
      const next = () =>
        pace(ctx, async () => {
          // After a failure it goes on at the last key that came.
          pages ??= store.list(last === undefined ? range : { ...range, from: last }, ctx)[Symbol.asyncIterator]();
          try {
            return await pages.next();
          } catch (error) {
            pages = undefined;
            throw error;
          }
        });
      for (let page = await next(); !page.done; page = await next()) {
        const isRepeated = last !== undefined && page.value[0]?.key === last;
        yield isRepeated ? page.value.slice(1) : page.value;
        last = page.value.at(-1)?.key ?? last;
      }
    },
    get: (key, ctx) => pace(ctx, () => store.get(key, ctx)),
    head: (key, ctx) => pace(ctx, () => store.head(key, ctx)),
    put: (key, content, attributes, ctx, condition) =>
      pace(ctx, () => store.put(key, content, attributes, ctx, condition)),
    putLarge: (key, body, attributes, ctx) => pace(ctx, () => store.putLarge(key, body, attributes, ctx), "once"),
    copy: (from, to, how, ctx) => pace(ctx, () => store.copy(from, to, how, ctx)),
    async remove(keys, ctx, done) {
      const left = new Set(keys);
      const gone = (key: string) => {
        left.delete(key);
        done?.(key);
      };
      await pace(ctx, () => store.remove([...left], ctx, gone));
    },
    async hold(key, beside, body, attributes, ctx) {
      const once = body instanceof Readable ? "once" : undefined;
      return paced(await pace(ctx, () => store.hold(key, beside, body, attributes, ctx), once));
    },
    dropHeld: (keys, since, ctx) => pace(ctx, () => store.dropHeld(keys, since, ctx)),
  };
}
