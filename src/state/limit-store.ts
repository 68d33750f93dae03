import type { DatabaseSync } from "node:sqlite";

/** How many connections each host was found to accept. */
export interface LimitStore {
  /** What was learned since `notBefore` (ms since the epoch): hosts change, so old lessons are tried anew. */
  get(target: string, notBefore: number): number | undefined;
  set(target: string, connections: number, at: number): void;
}

/** The learned limits, kept in the database. */
export function createLimitStore(db: DatabaseSync): LimitStore {
  const select = db.prepare("SELECT connections FROM limits WHERE target = ? AND at >= ?");
  const upsert = db.prepare("INSERT OR REPLACE INTO limits (target, connections, at) VALUES (?, ?, ?)");
  return {
    get(target, notBefore) {
      const row = select.get(target, notBefore);
      return row === undefined ? undefined : Number(row.connections);
    },
    set(target, connections, at) {
      upsert.run(target, connections, at);
    },
  };
}
