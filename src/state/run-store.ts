import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { DeployEvent, Outcome, TargetResult } from "../core/events.ts";
import type { PurgeResult } from "../core/purge-result.ts";
import { inTransaction } from "./database.ts";

/** A run as it is remembered. */
export interface RunRecord {
  readonly id: string;
  readonly site: string;
  readonly trigger: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** null while it is running, or when the process died. */
  readonly endedAt: number | null;
  readonly outcome: Outcome | null;
  /** "user@host" that ran it. */
  readonly by: string;
  readonly targets: readonly TargetResult[];
  /** One for each of the site's CDNs; absent where it had none. */
  readonly purges?: readonly PurgeResult[];
}

/** How a run ended. */
export type Ended = Pick<RunRecord, "targets" | "purges"> & { readonly outcome: Outcome };

/** The runs made from this configuration, and their events. */
export interface RunStore {
  start(run: Pick<RunRecord, "id" | "site" | "trigger" | "startedAt" | "by">): void;
  /** Remembers what happened; progress and the files of a plan are left out, each file's own event says enough. */
  record(id: string, events: readonly { at: number; event: DeployEvent }[]): void;
  /** `endedAt` is in milliseconds since the epoch. */
  finish(id: string, ended: Ended, endedAt: number): void;
  /** Newest first. */
  list(filter: { site?: string; limit?: number }): RunRecord[];
  /** Every run whose id begins so; one when it is given whole. */
  find(idStart: string): RunRecord[];
  /** What happened in a run, in order. */
  events(id: string): { at: number; event: DeployEvent }[];
}

/** The history, kept in the database. */
export function createRunStore(db: DatabaseSync): RunStore {
  const insertEvent = db.prepare("INSERT INTO events (run, at, event) VALUES (?, ?, ?)");
  return {
    start(run) {
      db.prepare("INSERT INTO runs (id, site, trigger, started_at, by) VALUES (?, ?, ?, ?, ?)").run(
        run.id,
        run.site,
        run.trigger,
        run.startedAt,
        run.by,
      );
    },
    record(id, events) {
      inTransaction(db, () => {
        for (const { at, event } of events) insertEvent.run(id, at, JSON.stringify(event));
      });
    },
    finish(id, { outcome, targets, purges }, endedAt) {
      db.prepare("UPDATE runs SET outcome = ?, targets = ?, purges = ?, ended_at = ? WHERE id = ?").run(
        outcome,
        JSON.stringify(targets),
        purges === undefined ? null : JSON.stringify(purges),
        endedAt,
        id,
      );
    },
    list({ site, limit = -1 }) {
      const where = site === undefined ? "" : "WHERE site = ?";
      const rows = db
        .prepare(`SELECT * FROM runs ${where} ORDER BY started_at DESC, id DESC LIMIT ?`)
        .all(...(site === undefined ? [] : [site]), limit);
      return rows.map(toRecord);
    },
    find(idStart) {
      return db
        .prepare("SELECT * FROM runs WHERE substr(id, 1, length(?1)) = ?1 ORDER BY started_at DESC")
        .all(idStart)
        .map(toRecord);
    },
    events(id) {
      const rows = db.prepare("SELECT at, event FROM events WHERE run = ? ORDER BY rowid").all(id);
      return rows.map((row) => ({ at: Number(row.at), event: JSON.parse(String(row.event)) as DeployEvent }));
    },
  };
}

function toRecord(row: Record<string, SQLOutputValue>): RunRecord {
  return {
    id: String(row.id),
    site: String(row.site),
    trigger: String(row.trigger),
    startedAt: Number(row.started_at),
    endedAt: row.ended_at === null ? null : Number(row.ended_at),
    outcome: row.outcome === null ? null : (String(row.outcome) as Outcome),
    by: String(row.by),
    targets: JSON.parse(String(row.targets)) as TargetResult[],
    ...(row.purges === null ? {} : { purges: JSON.parse(String(row.purges)) as PurgeResult[] }),
  };
}
