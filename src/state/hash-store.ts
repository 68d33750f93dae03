import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./database.ts";

/** Hashes remembered between runs, one packed record for each directory, so that an unchanged file is not read again. */
export interface HashStore {
  /** Every record kept under this key, by directory. */
  load(key: string): Map<string, Uint8Array>;
  /** Adds or replaces the records of these directories and forgets those. */
  update(key: string, put: ReadonlyMap<string, Uint8Array>, gone: Iterable<string>): void;
}

/** The hash cache, kept in the database. */
export function createHashStore(db: DatabaseSync): HashStore {
  return {
    load(key) {
      const known = new Map<string, Uint8Array>();
      for (const { directory, record } of db.prepare("SELECT directory, record FROM hashes WHERE key = ?").all(key)) {
        if (record instanceof Uint8Array) known.set(String(directory), record);
      }
      return known;
    },
    update(key, put, gone) {
      const upsert = db.prepare("INSERT OR REPLACE INTO hashes (key, directory, record) VALUES (?, ?, ?)");
      const forget = db.prepare("DELETE FROM hashes WHERE key = ? AND directory = ?");
      inTransaction(db, () => {
        for (const [directory, record] of put) upsert.run(key, directory, record);
        for (const directory of gone) forget.run(key, directory);
      });
    },
  };
}
