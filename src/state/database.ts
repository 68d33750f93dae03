import { DatabaseSync } from "node:sqlite";
import { SmartsyncError } from "../lib/errors.ts";

/** What each version of the layout adds to the one before: the first is from nothing to 1. Never changed once published. */
const STEPS = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, trigger TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
    outcome TEXT, by TEXT NOT NULL, targets TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX runs_by_site ON runs (site, started_at);
  CREATE TABLE events (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, at INTEGER NOT NULL, event TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_run ON events (run);
  CREATE TABLE hashes (
    key TEXT NOT NULL, directory TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (key, directory)
  ) STRICT;
  CREATE TABLE manifests (target TEXT PRIMARY KEY, sha256 TEXT NOT NULL, content BLOB NOT NULL) STRICT;
  CREATE TABLE limits (target TEXT PRIMARY KEY, connections INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN purges TEXT;
  CREATE TABLE purge_usage (
    cdn TEXT NOT NULL, month TEXT NOT NULL, items INTEGER NOT NULL, usd REAL NOT NULL, PRIMARY KEY (cdn, month)
  ) STRICT;
  `,
];

const SCHEMA_VERSION = STEPS.length;

/** Opens (and on first use lays out) the state database. WAL, so that a reader never waits for a running delivery. */
export function openDatabase(file: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { timeout: 10_000 });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    layOut(db, file);
    return db;
  } catch (cause) {
    if (cause instanceof SmartsyncError) throw cause;
    throw new SmartsyncError(`can't open the local state ${file}: ${cause instanceof Error ? cause.message : cause}`, {
      kind: "config",
      code: "state-unreadable",
      hint: "if the file is damaged, move it away: history is lost, the next run reads every file once, nothing is sent twice",
      cause,
    });
  }
}

function layOut(db: DatabaseSync, file: string): void {
  if (versionOf(db) === SCHEMA_VERSION) return;
  // Two first runs at once: the one that gets the write lock second finds the work done.
  inTransaction(db, () => {
    const version = versionOf(db);
    if (version > SCHEMA_VERSION) {
      throw new SmartsyncError(`the local state ${file} was written by a newer smartsync`, {
        kind: "config",
        code: "state-too-new",
        hint: "use that version, or move the file away to start a new history",
      });
    }
    for (const step of STEPS.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

/** Runs the work in one write transaction: all of it is stored, or nothing when it throws. */
export function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
