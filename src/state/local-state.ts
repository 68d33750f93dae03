import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmartsyncError } from "../lib/errors.ts";
import { openDatabase } from "./database.ts";
import { createHashStore, type HashStore } from "./hash-store.ts";
import { createLimitStore, type LimitStore } from "./limit-store.ts";
import { createManifestStore, type ManifestStore } from "./manifest-store.ts";
import { createPurgeUsage, type PurgeUsage } from "./purge-usage.ts";
import { createRunStore, type RunStore } from "./run-store.ts";

/** What smartsync remembers on this machine. Losing it costs time and history, never correctness. */
export interface LocalState extends Disposable {
  /** The folder it lives in. */
  readonly dir: string;
  readonly runs: RunStore;
  readonly hashes: HashStore;
  readonly manifests: ManifestStore;
  readonly limits: LimitStore;
  readonly purgeUsage: PurgeUsage;
}

/**
 * Opens the local state in a folder, making it when it is missing. Several processes may have it open at once.
 * Throws "state-unwritable" or "state-unreadable" (kind config).
 */
export function openLocalState(dir: string): LocalState {
  makeFolder(dir);
  const file = join(dir, "state.db");
  const db = openDatabase(file);
  return {
    dir,
    runs: createRunStore(db),
    hashes: createHashStore(db),
    manifests: createManifestStore(db),
    limits: createLimitStore(db),
    purgeUsage: createPurgeUsage(db),
    [Symbol.dispose]: () => db.close(),
  };
}

/** Private to its user: the history names every file of the site, and the folder must never be committed by accident. */
function makeFolder(dir: string): void {
  try {
    if (mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined) writeFileSync(join(dir, ".gitignore"), "*\n");
  } catch (cause) {
    throw new SmartsyncError(`can't make the state folder ${dir}: ${cause instanceof Error ? cause.message : cause}`, {
      kind: "config",
      code: "state-unwritable",
      hint: "smartsync keeps its history and caches beside the configuration file; let the user who runs it write there",
      cause,
    });
  }
}
