import { decodeManifest } from "../core/manifest.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { RemoteFile } from "../core/snapshot.ts";
import { fitHeapTo } from "../lib/heap-growth.ts";
import type { ManifestStore } from "../state/manifest-store.ts";

type Files = ReadonlyMap<RelPath, RemoteFile>;

/** The last manifest of a target that this machine has seen. Losing it costs time, nothing else. */
export interface ManifestCache {
  /** The files it names, when it has this SHA-256; without one, whichever it is. */
  get(sha256?: string): Files | undefined;
  set(sha256: string, content: Uint8Array): void;
}

/** A target's manifest in the local state, read and decoded once. */
export function createManifestCache(store: ManifestStore, target: string): ManifestCache {
  let last: { readonly sha256: string; readonly files: Files } | undefined;
  return {
    get(sha256) {
      last ??= read(store, target);
      return sha256 === undefined || last?.sha256 === sha256 ? last?.files : undefined;
    },
    set(sha256, content) {
      last = undefined;
      store.set(target, sha256, content);
    },
  };
}

function read(store: ManifestStore, target: string) {
  const kept = store.get(target);
  if (kept === undefined) return undefined;
  try {
    const { files } = decodeManifest(kept.content);
    // The site is hardly of another size, and still being scanned.
    fitHeapTo(files.size);
    return { sha256: kept.sha256, files };
  } catch {
    // Damaged on this machine: the target has the original.
    return undefined;
  }
}
