import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { createConnectionPool, type PoolSettings } from "../../src/targets/ftps/connection-pool.ts";
import type { FtpConnection } from "../../src/targets/ftps/ftp-connection.ts";

const never = { signal: new AbortController().signal };
const failure = (code: string) => new SmartsyncError(`no: ${code}`, { kind: "transient", code });

/** A connection without a server; only what the pool looks at does anything. */
function fakeConnection(): FtpConnection {
  const listeners: ((error: SmartsyncError) => void)[] = [];
  let lost: SmartsyncError | undefined;
  const unused = () => Promise.reject(new Error("the pool itself sends nothing"));
  return {
    found: {},
    get lost() {
      return lost;
    },
    destroy(error) {
      lost = error;
      for (const listener of listeners.splice(0)) listener(error);
    },
    onLost: (listener) => void listeners.push(listener),
    quit: async () => undefined,
    send: unused,
    sendAll: unused,
    openData: unused,
    setPatience() {},
    preparePassive() {},
  };
}

/** A pool over a door that lets in what `admit` says; counts the attempts and what was learned. */
function stage(limit: number, admit: (attempt: number) => Promise<FtpConnection>) {
  const learned: number[] = [];
  const seen = { attempts: 0 };
  const settings: PoolSettings = {
    limit,
    connect: () => admit(++seen.attempts),
    onLimit: (connections) => learned.push(connections),
  };
  const first = fakeConnection();
  return { pool: createConnectionPool(first, settings), first, learned, seen };
}

test("connections are opened as they are wanted, and no more than the limit", async () => {
  const { pool, seen } = stage(3, async () => fakeConnection());
  let busy = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++busy);
    await delay(5);
    busy--;
  };
  await pool.use(never, work);
  expect(seen.attempts).toBe(0);
  await Promise.all(Array.from({ length: 20 }, () => pool.use(never, work)));
  expect(most).toBe(3);
  expect(seen.attempts).toBe(2);
});

test("a refusal at the door teaches the limit once, and all waiting work is done by the open connections", async () => {
  const { pool, learned } = stage(8, async (attempt) => {
    await delay(attempt);
    if (attempt === 2) return fakeConnection();
    throw failure("too-many-connections");
  });
  const done = await Promise.all(Array.from({ length: 30 }, (_, i) => pool.use(never, () => delay(20, i))));
  expect(done).toHaveLength(30);
  expect(pool.limit).toBe(2);
  expect(learned).toEqual([2]);
});

test("when nothing is open and the host can't be reached, every caller is told so after one attempt", async () => {
  const { pool, first, seen, learned } = stage(4, async () => {
    await delay(1);
    throw failure("connect-failed");
  });
  first.destroy(failure("connection-lost"));
  const calls = Array.from({ length: 10 }, () => pool.use(never, async () => "never"));
  const ends = await Promise.allSettled(calls);
  expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));
  expect(seen.attempts).toBe(10);
  expect(learned).toEqual([]);
  expect(pool.limit).toBe(4);
});

test("a network that fails while others are open teaches no limit, and is tried again a second later", async () => {
  const { pool, seen } = stage(2, async (attempt) => {
    if (attempt === 1) throw failure("connect-failed");
    return fakeConnection();
  });
  const slow = Array.from({ length: 3 }, () => pool.use(never, () => delay(800)));
  await Promise.all(slow);
  expect(seen.attempts).toBe(2);
  expect(pool.limit).toBe(2);
});

test("a connection that dies idle is replaced", async () => {
  const { pool, first, seen } = stage(1, async () => fakeConnection());
  first.destroy(failure("connection-lost"));
  expect(await pool.use(never, async (connection) => connection !== first)).toBe(true);
  expect(seen.attempts).toBe(1);
});

test("a connection that dies at work fails that work only, and is not lent again", async () => {
  const { pool, first } = stage(1, async () => fakeConnection());
  const dying = pool.use(never, async (connection) => {
    connection.destroy(failure("connection-lost"));
    throw connection.lost;
  });
  const next = pool.use(never, async (connection) => connection);
  await expect(dying).rejects.toMatchObject({ code: "connection-lost" });
  expect(await next).not.toBe(first);
});

test("a released connection serves the next caller while the first still waits for its replies", async () => {
  const { pool } = stage(1, async () => fakeConnection());
  const order: string[] = [];
  const early = pool.use(never, async (_connection, release) => {
    release();
    await delay(20);
    order.push("first");
  });
  await pool.use(never, async () => order.push("second"));
  await early;
  expect(order).toEqual(["second", "first"]);
});

test("aborting ends waiting and working calls at once, others go on", async () => {
  const { pool } = stage(1, async () => fakeConnection());
  const stop = new AbortController();
  const working = pool.use(stop, (connection) => new Promise<never>((_, reject) => connection.onLost(reject)));
  const waiting = pool.use(stop, async () => "never");
  const other = pool.use(never, async () => "done");
  await delay(5);
  stop.abort();
  await expect(working).rejects.toMatchObject({ kind: "aborted" });
  await expect(waiting).rejects.toMatchObject({ kind: "aborted" });
  expect(await other).toBe("done");
});

test("closing fails what waits and says goodbye to every connection", async () => {
  const { pool } = stage(1, async () => fakeConnection());
  const working = pool.use(never, () => delay(10, "done"));
  const waiting = expect(pool.use(never, async () => "never")).rejects.toMatchObject({ code: "closed" });
  await pool.close();
  await waiting;
  expect(await working).toBe("done");
  await expect(pool.use(never, async () => "never")).rejects.toMatchObject({ code: "closed" });
});
