import type { DatabaseSync } from "node:sqlite";

/** The last manifest seen of each target, encoded, so that an unchanged one is not downloaded again. */
export interface ManifestStore {
  /** The encoded manifest, when the one kept for this target has this SHA-256. */
  get(target: string, sha256: string): Uint8Array | undefined;
  /** Keeps this one instead of the one before. */
  set(target: string, sha256: string, content: Uint8Array): void;
}

/** The manifest cache, kept in the database. */
export function createManifestStore(db: DatabaseSync): ManifestStore {
  const select = db.prepare("SELECT content FROM manifests WHERE target = ? AND sha256 = ?");
  const upsert = db.prepare("INSERT OR REPLACE INTO manifests (target, sha256, content) VALUES (?, ?, ?)");
  return {
    get(target, sha256) {
      const content = select.get(target, sha256)?.content;
      return content instanceof Uint8Array ? content : undefined;
    },
    set(target, sha256, content) {
      upsert.run(target, sha256, content);
    },
  };
}
