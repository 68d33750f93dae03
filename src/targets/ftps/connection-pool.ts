import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { aborted, type FtpConnection } from "./ftp-connection.ts";

/** Several connections to one server, each lent to one caller at a time. */
export interface ConnectionPool {
  /** How many connections the server is thought to accept. */
  readonly limit: number;
  /**
   * Lends a connection for as long as the work takes, or until it calls `release`: then it only waits for replies. A
   * connection that is lost meanwhile is thrown away. Aborting the signal drops the connection, so that the work ends
   * at once.
   */
  use<T>(ctx: Pick<Ctx, "signal">, work: (connection: FtpConnection, release: () => void) => Promise<T>): Promise<T>;
  /** Closes every connection; work under way fails. */
  close(): Promise<void>;
}

/** What a pool is made with. */
export interface PoolSettings {
  /** How many connections to open at most. */
  readonly limit: number;
  connect(signal: AbortSignal): Promise<FtpConnection>;
  /** Called when the server refuses one more connection although it has accepted others. */
  onLimit(connections: number, reason: string): void;
}

/** With others open, these say that there are too many; some servers call it a refused login. */
const LIMIT_CODES = new Set(["too-many-connections", "login-refused"]);
const COOLING_MS = 1_000;

interface Waiting {
  resolve(connection: FtpConnection): void;
  reject(error: unknown): void;
}

/** A pool that begins with one open connection and opens others as they are wanted. */
export function createConnectionPool(first: FtpConnection, settings: PoolSettings): ConnectionPool {
  let { limit } = settings;
  const open = new Set<FtpConnection>();
  const idle: FtpConnection[] = [];
  const queue: Waiting[] = [];
  const closing = new AbortController();
  let opening = 0;
  /** Set while it makes no sense to try to open more: the network failed a moment ago. */
  let cooling = false;
  /** Why the limit was lowered, until it is clear to how many. */
  let lesson: string | undefined;
  admit(first);

  function admit(connection: FtpConnection): void {
    open.add(connection);
    connection.onLost(() => {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      refill();
    });
    give(connection);
  }

  function give(connection: FtpConnection): void {
    if (connection.lost) return;
    const next = queue.shift();
    if (next) next.resolve(connection);
    else idle.push(connection);
  }

  /** Opens as many connections as there are callers waiting, within the limit. */
  function refill(): void {
    if (cooling && open.size > 0) return;
    while (!closing.signal.aborted && queue.length > opening && open.size + opening < limit) void openOne();
  }

  async function openOne(): Promise<void> {
    opening++;
    try {
      const connection = await settings.connect(closing.signal);
      opening--;
      admit(connection);
    } catch (error) {
      opening--;
      refused(error);
    }
    if (opening === 0 && lesson !== undefined) {
      settings.onLimit(limit, lesson);
      lesson = undefined;
    }
    refill();
  }

  /** Those that wait are served by the connections there are; with none, each failed attempt is one caller's answer. */
  function refused(error: unknown): void {
    const others = open.size + opening;
    if (others > 0 && error instanceof SmartsyncError && LIMIT_CODES.has(error.code)) {
      limit = Math.min(limit, others);
      lesson = error.message;
    } else if (open.size === 0) {
      queue.shift()?.reject(error);
    } else if (!cooling) {
      cooling = true;
      setTimeout(() => {
        cooling = false;
        refill();
      }, COOLING_MS).unref();
    }
  }

  function acquire(signal: AbortSignal): Promise<FtpConnection> {
    if (signal.aborted) return Promise.reject(aborted());
    if (closing.signal.aborted) return Promise.reject(closed());
    const ready = idle.pop();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(aborted());
      };
      const waiting: Waiting = {
        resolve(connection) {
          signal.removeEventListener("abort", stop);
          resolve(connection);
        },
        reject(error) {
          signal.removeEventListener("abort", stop);
          reject(error);
        },
      };
      signal.addEventListener("abort", stop, { once: true });
      queue.push(waiting);
      refill();
    });
  }

  return {
    get limit() {
      return limit;
    },
    async use({ signal }, work) {
      const connection = await acquire(signal);
      if (signal.aborted) {
        give(connection);
        throw aborted();
      }
      const stop = (): void => connection.destroy(aborted());
      let lent = true;
      const release = (): void => {
        if (lent) give(connection);
        lent = false;
      };
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await work(connection, release);
      } catch (error) {
        throw signal.aborted ? aborted() : error;
      } finally {
        signal.removeEventListener("abort", stop);
        release();
      }
    },
    async close() {
      closing.abort();
      for (const { reject } of queue.splice(0)) reject(closed());
      await Promise.all([...open].map((connection) => connection.quit()));
    },
  };
}

function closed(): SmartsyncError {
  return new SmartsyncError("the target was closed", { kind: "aborted", code: "closed" });
}
