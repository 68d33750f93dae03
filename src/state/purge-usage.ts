import type { DatabaseSync } from "node:sqlite";

/** What was asked of a CDN in a month. */
export interface MonthOfPurges {
  readonly items: number;
  /** What it cost, as far as it was not free. */
  readonly usd: number;
}

/** What this machine has asked of each CDN, month by month; other machines count for themselves. */
export interface PurgeUsage {
  /** `month` is in UTC: "2026-11". */
  of(cdn: string, month: string): MonthOfPurges;
  /** Counts what was accepted. */
  add(cdn: string, month: string, used: MonthOfPurges): void;
}

/** The month's usage, kept in the database. */
export function createPurgeUsage(db: DatabaseSync): PurgeUsage {
  const select = db.prepare("SELECT items, usd FROM purge_usage WHERE cdn = ? AND month = ?");
  const add = db.prepare(
    `INSERT INTO purge_usage (cdn, month, items, usd) VALUES (?, ?, ?, ?)
     ON CONFLICT (cdn, month) DO UPDATE SET items = items + excluded.items, usd = usd + excluded.usd`,
  );
  return {
    of(cdn, month) {
      const { items, usd } = select.get(cdn, month) ?? {};
      return { items: Number(items ?? 0), usd: Number(usd ?? 0) };
    },
    add(cdn, month, { items, usd }) {
      add.run(cdn, month, items, usd);
    },
  };
}

/** The month that a moment (ms since the epoch) belongs to, in UTC. */
export function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}
