import { type NameRules, nameFault } from "../../core/names.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { isNotFound, SmartsyncError } from "../../lib/errors.ts";
import type { Target, TargetCaps } from "../target.ts";
import { createBodies } from "./bodies.ts";
import { isConditionFailed } from "./condition-failed.ts";
import { examineStores } from "./examine-stores.ts";
import { attributesOf } from "./file-attributes.ts";
import { layOut } from "./object-layout.ts";
import { createObjectLock } from "./object-lock.ts";
import type { ObjectPlace } from "./object-place.ts";
import { openObjectStage } from "./object-stage.ts";
import { createObjectState } from "./object-state.ts";
import type { ObjectStore } from "./object-store.ts";
import { createPace } from "./pace.ts";
import { pacedStore } from "./paced-store.ts";
import { asRemote, surveyObjects } from "./survey-objects.ts";

/** A bucket as a target: the one way for all providers. Disposing closes the stores. */
export function objectTarget(given: ObjectPlace): Target {
  const place = pacedPlace(given);
  const { store, prefix } = place;
  const layout = layOut(place);
  const lock = createObjectLock(place.state);
  const bodies = createBodies(store.largeFrom);
  const caps: TargetCaps = {
    concurrency: store.concurrency,
    names: namesBelow(prefix, store.names),
    atomicReplace: true,
    servesVisitors: true,
    ...(store.redirects === false && { redirects: false }),
    mtimes: false,
    modes: false,
    alwaysStages: false,
    features: store.features,
  };

  /** The file's key; throws when the store can't hold it. */
  function keyFor(path: string): string {
    const fault = nameFault(path, caps.names);
    if (fault === undefined) return layout.keyOf(path);
    throw new SmartsyncError(`could not send ${path}: the name ${fault}`, {
      kind: "config",
      code: "bad-name",
      hint: "rename the file in the CMS, or exclude it",
    });
  }

  const target: Target & Required<Pick<Target, "serveAs">> = {
    caps,
    state: createObjectState(place.state, lock, layout.webPath),
    async *list(folder, ctx) {
      const below = folder === "" ? "" : `${folder}/`;
      for await (const page of store.list({ prefix: layout.keyOf(below) }, ctx)) {
        for (const object of page) {
          const path = layout.pathOf(object.key);
          if (path !== undefined) yield asRemote(path, object);
        }
      }
    },
    survey: (known, ctx, isNoNews) => surveyObjects({ store, layout }, known, ctx, isNoNews),
    async describe(path, ctx) {
      const found = await store.head(layout.keyOf(path), ctx);
      return found && asRemote(path, found);
    },
    async get(path, ctx) {
      const found = await store.get(layout.keyOf(path), ctx);
      if (found) return found.content;
      throw new SmartsyncError(`there is no object ${store.place}/${layout.keyOf(path)}`, {
        kind: "not-found",
        code: "not-found",
      });
    },
    async put(file, body, ctx) {
      const key = keyFor(file.path);
      const attributes = attributesOf(file);
      return bodies.read(file, body, ctx, {
        whole: (content) => store.put(key, content, attributes, ctx),
        stream: (content) => store.putLarge(key, content, attributes, ctx),
      });
    },
    async serveAs(file, heldEtag, ctx) {
      const key = keyFor(file.path);
      try {
        return await store.copy(key, key, { attributes: attributesOf(file), ifMatch: heldEtag }, ctx);
      } catch (error) {
        if (isNotFound(error) || isConditionFailed(error)) return undefined;
        throw error;
      }
    },
    async remove(paths, ctx, done) {
      const pathOf = new Map(paths.map((path) => [layout.keyOf(path), path]));
      await store.remove([...pathOf.keys()], ctx, (key) => {
        const path = pathOf.get(key);
        if (path !== undefined) done?.(path);
      });
    },
    // There are only names: nothing has to be made for a file to lie in, and nothing is left when it goes.
    async makeDirs(_dirs, { signal }) {
      throwIfAborted(signal);
    },
    async removeDirs(_dirs, { signal }) {
      throwIfAborted(signal);
    },
    async sweep(paths, ctx) {
      throwIfAborted(ctx.signal);
      if (paths.length > 0) await store.dropHeld(new Set(paths.map(layout.keyOf)), 0, ctx);
    },
    stage: (_run, ctx, coming = []) =>
      openObjectStage({ store, layout, bodies, keyFor, serveAs: target.serveAs }, coming, ctx),
    examine: (ctx) => examineStores(place, layout, lock, ctx),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      if (place.state.store !== store) await place.state.store[Symbol.asyncDispose]();
    },
  };
  return target;
}

/** One pace for each store: what one of two says of its limits is not true of the other. */
function pacedPlace(given: ObjectPlace): ObjectPlace {
  const { name, state } = given;
  const paced = (store: ObjectStore) => pacedStore(store, createPace(name, store.concurrency));
  const store = paced(given.store);
  return { ...given, store, state: { ...state, store: state.store === given.store ? store : paced(state.store) } };
}

/** What the rest of a key may be, where all keys begin alike. */
function namesBelow(prefix: string, names: NameRules): NameRules {
  return { ...names, flat: true, maxPathBytes: names.maxPathBytes - Buffer.byteLength(prefix) };
}
