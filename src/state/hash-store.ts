import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./database.ts";

/** Hashes remembered between runs, one packed record for each directory, so that an unchanged file is not read again. */
export interface HashStore {
  /** The directories that a record is kept of under this key. */
  directories(key: string): Set<string>;
  /** A directory's record; undefined when there is none. */
  find(key: string, directory: string): Uint8Array | undefined;
  /** Adds or replaces the records of these directories and forgets those. */
  update(key: string, put: Iterable<readonly [string, Uint8Array]>, gone: Iterable<string>): void;
}

/** The hash cache, kept in the database. */
export function createHashStore(db: DatabaseSync): HashStore {
  const select = db.prepare("SELECT record FROM hashes WHERE key = ? AND directory = ?");
  return {
    directories(key) {
      const rows = db.prepare("SELECT directory FROM hashes WHERE key = ?").all(key);
      return new Set(rows.map(({ directory }) => String(directory)));
    },
    find(key, directory) {
      const record = select.get(key, directory)?.record;
      return record instanceof Uint8Array ? record : undefined;
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
