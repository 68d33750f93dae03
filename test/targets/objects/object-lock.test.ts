import { expect, test } from "vitest";
import type { Clock } from "../../../src/core/context.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { createObjectLock } from "../../../src/targets/objects/object-lock.ts";
import { createMemoryBucket, type MemoryBucket, type MemoryStoreSettings } from "../../doubles/memory-object-store.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const KEY = ".smartsync/lock";
const owner = (name: string) => Buffer.from(JSON.stringify({ by: name, why: "定時配信" }));

/** Takes no time, and says how much it would have taken. */
function quickClock(): Clock & { slept: number } {
  const clock = {
    slept: 0,
    now: () => Date.now(),
    async sleep(ms: number) {
      clock.slept += ms;
      await new Promise((resolve) => setTimeout(resolve, 30));
    },
  };
  return clock;
}

function lockOn(bucket: MemoryBucket, settings: MemoryStoreSettings = {}) {
  return createObjectLock({ store: bucket.open(settings), prefix: ".smartsync/" });
}

/** Every way a store may deal with conditions. */
const MANNERS: Record<string, { settings: MemoryStoreSettings; kind: RegExp; errs?: true }> = {
  "that has conditional writes": { settings: { conditions: "yes" }, kind: /^lock by conditional create$/ },
  "that has none": { settings: { conditions: "no" }, kind: /^lock by writing and reading back: / },
  "that proves to have them": { settings: { conditions: "unproven" }, kind: /^lock by conditional create$/ },
  "that proves to ignore them": {
    settings: { conditions: "unproven", honoursConditions: false },
    kind: /^lock by writing and reading back: /,
  },
  "that answers them with an error": {
    settings: { conditions: "unproven", honoursConditions: false },
    kind: /^lock by writing and reading back: /,
    errs: true,
  },
};

for (const [manner, { settings, kind, errs }] of Object.entries(MANNERS)) {
  const make = () => {
    const bucket = createMemoryBucket();
    const clock = quickClock();
    if (errs) {
      bucket.before = (call, key) => {
        const details = { kind: "config", code: "not-implemented" } as const;
        if (call === "put" && key.includes("probe-")) throw new SmartsyncError("501 NotImplemented", details);
      };
    }
    return { bucket, clock, ctx: testCtx({ clock }) };
  };

  test(`on a store ${manner} it is told how the lock is taken, and nothing is left of finding out`, async () => {
    const { bucket, ctx } = make();
    expect(await lockOn(bucket, settings).describe(ctx)).toMatch(kind);
    expect([...bucket.objects.keys()]).toEqual([]);
  });

  test(`on a store ${manner} exactly one of 12 takers gets the lock`, async () => {
    const { bucket, ctx } = make();
    const locks = Array.from({ length: 12 }, () => lockOn(bucket, settings));
    for (let round = 0; round < 3; round++) {
      const took = await Promise.all(locks.map((lock, i) => lock.take(owner(`${i}`), ctx)));
      expect(took.filter(Boolean)).toHaveLength(1);
      expect(await locks[0]?.read(ctx)).toEqual(owner(`${took.indexOf(true)}`));
      await locks[took.indexOf(true)]?.drop(ctx);
    }
    expect([...bucket.objects.keys()]).toEqual([]);
  });

  test(`on a store ${manner} a lock that is held is never overwritten by a taker`, async () => {
    const { bucket, ctx } = make();
    bucket.lay(KEY, owner("誰か"));
    expect(await lockOn(bucket, settings).take(owner("私"), ctx)).toBe(false);
    expect(Buffer.from(bucket.objects.get(KEY)?.content ?? [])).toEqual(owner("誰か"));
  });
}

test("where the lock is read back, that is done two seconds later", async () => {
  const bucket = createMemoryBucket();
  const clock = quickClock();
  expect(await lockOn(bucket, { conditions: "no" }).take(owner("私"), testCtx({ clock }))).toBe(true);
  expect(clock.slept).toBe(2_000);
});

test("who wrote the lock and finds another's record there did not get it", async () => {
  const bucket = createMemoryBucket();
  const clock: Clock = { now: () => 0, sleep: async () => void bucket.lay(KEY, owner("あとの人")) };
  expect(await lockOn(bucket, { conditions: "no" }).take(owner("私"), testCtx({ clock }))).toBe(false);
  expect(Buffer.from(bucket.objects.get(KEY)?.content ?? [])).toEqual(owner("あとの人"));
});

test("a renewal replaces the record only while it is one's own", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  const lock = lockOn(bucket);
  await lock.take(owner("私"), ctx);
  await lock.renew(owner("私、少しあと"), ctx);
  await lock.renew(owner("私、もっとあと"), ctx);
  bucket.lay(KEY, owner("横取り"));
  await expect(lock.renew(owner("私、最後"), ctx)).rejects.toMatchObject({ kind: "conflict", code: "lock-lost" });
  expect(Buffer.from(bucket.objects.get(KEY)?.content ?? [])).toEqual(owner("横取り"));
});

test("a renewal whose answer was lost can be made again", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  const lock = lockOn(bucket);
  await lock.take(owner("私"), ctx);
  const lost = new SmartsyncError("the line is down", { kind: "transient", code: "connection-lost" });
  bucket.after = (call) => {
    if (call === "put") throw lost;
  };
  await expect(lock.renew(owner("私、あと"), ctx)).rejects.toBe(lost);
  bucket.after = () => {};
  await lock.renew(owner("私、あと"), ctx);
  await lock.renew(owner("私、もっとあと"), ctx);
  expect(await lock.read(ctx)).toEqual(owner("私、もっとあと"));
});

test("what can't be found out now is found out later: a line that is down proves nothing", async () => {
  const bucket = createMemoryBucket();
  const ctx = testCtx();
  const lock = lockOn(bucket, { conditions: "unproven" });
  const down = new SmartsyncError("the line is down", { kind: "transient", code: "connection-lost" });
  bucket.before = () => {
    throw down;
  };
  await expect(lock.take(owner("私"), ctx)).rejects.toBe(down);
  bucket.before = () => {};
  expect(await lock.describe(ctx)).toBe("lock by conditional create");
});

test("a store that may not be written to is not taken for one without conditions", async () => {
  const bucket = createMemoryBucket();
  bucket.before = () => {
    throw new SmartsyncError("s3:PutObject is not allowed", { kind: "auth", code: "permission-denied" });
  };
  const taking = lockOn(bucket, { conditions: "unproven" }).take(owner("私"), testCtx());
  await expect(taking).rejects.toMatchObject({ code: "permission-denied" });
});
