import type { DatabaseSync } from "node:sqlite";

/** The last manifest seen of each target, encoded, so that an unchanged one is not downloaded again. */
export interface ManifestStore {
  /** The encoded manifest kept for this target, and its SHA-256. */
  get(target: string): { readonly sha256: string; readonly content: Uint8Array } | undefined;
  /** Keeps this one instead of the one before. */
  set(target: string, sha256: string, content: Uint8Array): void;
}

/** The manifest cache, kept in the database. */
export function createManifestStore(db: DatabaseSync): ManifestStore {
  const select = db.prepare("SELECT sha256, content FROM manifests WHERE target = ?");
  const upsert = db.prepare("INSERT OR REPLACE INTO manifests (target, sha256, content) VALUES (?, ?, ?)");
  return {
    get(target) {
      const { sha256, content } = select.get(target) ?? {};
      return typeof sha256 === "string" && content instanceof Uint8Array ? { sha256, content } : undefined;
    },
    set(target, sha256, content) {
      upsert.run(target, sha256, content);
    },
  };
}
