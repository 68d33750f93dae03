import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { STAGE_FOLDER } from "../files/own-names.ts";
import type { StateStore } from "../target.ts";
import { LOCK, type ObjectLock } from "./object-lock.ts";
import type { ObjectPlace } from "./object-place.ts";

/** Every store gives an object a version; a web site that answers whatever is asked does not. */
function noStore(what: string): SmartsyncError {
  return new SmartsyncError(`could not read ${what}: what answered is no store`, {
    kind: "config",
    code: "store-unclear",
    hint: "see whether the endpoint is the store's own and not a web site's, and no proxy answers in its place",
  });
}

/** The records beside a site, each an object of its own. `webPath`: where visitors would find them. */
export function createObjectState(
  { store, prefix }: ObjectPlace["state"],
  lock: ObjectLock,
  webPath: string | undefined,
): StateStore {
  const at = (name: string) => prefix + name;
  // "0" comes right after "/": no record's name begins with a dot, so all of them come after what is staged.
  const afterStage = `${prefix}${STAGE_FOLDER}0`;

  return {
    place: `${store.place}/${prefix.replace(/\/$/, "")}`,
    ...(webPath !== undefined && { webPath }),
    async read(name, ctx) {
      const found = await store.get(at(name), ctx);
      if (found?.etag === "") throw noStore(`${store.place}/${at(name)}`);
      return found?.content;
    },
    async write(name, content, ctx, mayReplace) {
      throwIfAborted(ctx.signal);
      await mayReplace?.();
      await store.put(at(name), content, {}, ctx);
    },
    remove: (names, ctx) => store.remove(names.map(at), ctx),
    async list(ctx) {
      const names: string[] = [];
      for await (const page of store.list({ prefix, from: afterStage }, ctx)) {
        for (const { key } of page) {
          const name = key.slice(prefix.length);
          if (name !== LOCK && !name.includes("/")) names.push(name);
        }
      }
      return names;
    },
    takeLock: lock.take,
    readLock: lock.read,
    writeLock: lock.renew,
    dropLock: lock.drop,
  };
}
