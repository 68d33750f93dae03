import { parseRelPath, type RelPath } from "../../core/rel-path.ts";
import { isTempName, OWN_FOLDER, STAGE_FOLDER } from "../files/own-names.ts";
import type { ObjectPlace } from "./object-place.ts";

const OWN = `${OWN_FOLDER}/`;

/** Which keys of a bucket are the site's files, and where smartsync's own lie. */
export interface ObjectLayout {
  /** The key of a site's file, or, for a folder's path with a slash, what its files' keys begin with. */
  keyOf(path: string): string;
  /** The path of a site's file; undefined for smartsync's own objects and for keys that are no file's ("docs/"). */
  pathOf(key: string): RelPath | undefined;
  /** Where deliveries are staged, in the site's bucket. */
  readonly stagePrefix: string;
  /** Where the state lies below the site; absent when it is elsewhere. */
  readonly webPath?: string;
}

/** Works out the layout of a place. */
export function layOut({ store, prefix, state }: ObjectPlace): ObjectLayout {
  const isSameBucket = state.store.place === store.place;
  const isInside = isSameBucket && state.prefix.startsWith(prefix);
  const statePath = isInside ? state.prefix.slice(prefix.length) : OWN;

  return {
    keyOf: (path) => prefix + path,
    pathOf(key) {
      const path = key.slice(prefix.length);
      if (path.startsWith(OWN) || path.startsWith(statePath) || isTemporary(path)) return undefined;
      return parseRelPath(path);
    },
    stagePrefix: `${isSameBucket ? state.prefix : prefix + OWN}${STAGE_FOLDER}/`,
    ...(isInside && { webPath: statePath.replace(/\/$/, "") }),
  };
}

/** What file transports leave when they are interrupted, copied here by somebody. */
function isTemporary(path: string): boolean {
  return path.endsWith(".tmp") && isTempName(path.slice(path.lastIndexOf("/") + 1));
}
