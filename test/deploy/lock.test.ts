import { beforeEach, describe, expect, test } from "vitest";
import { encodeOwner, parseOwner, thisMachine } from "../../src/deploy/lock-owner.ts";
import type { Target } from "../../src/targets/target.ts";
import { createMemorySource, type MemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { served, tryDelivery } from "./try-delivery.ts";

let server: MemoryServer;
let source: MemorySource;
beforeEach(() => {
  server = createMemoryServer();
  source = createMemorySource({ "index.html": "top", "記事/一.html": "one", "assets/site.css": "body{}" });
});

describe("the lock", () => {
  const owner = {
    format: 1,
    token: "theirs",
    run: "run0",
    by: "deploy@cms",
    machine: "another machine",
    pid: 1,
    why: "push",
    since: new Date().toISOString(),
    renewed: new Date().toISOString(),
  } as const;

  test("somebody living keeps it, and is named", async () => {
    server.lock = encodeOwner(owner);
    await expect(tryDelivery(server.open(), source, testCtx(), "run1")).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining("deploy@cms"),
    });
    expect(served(server)).toEqual({});
    expect(parseOwner(server.lock)?.token).toBe("theirs");
  });

  test("a dead process of this machine loses it at once", async () => {
    server.lock = encodeOwner({ ...owner, machine: thisMachine(), pid: 2 ** 22 - 3 });
    const ctx = testCtx();
    await tryDelivery(server.open(), source, ctx, "run1");
    expect(ctx.events).toContainEqual(
      expect.objectContaining({ type: "locked", tookOver: expect.stringContaining("deploy@cms") }),
    );
    expect(served(server)).toEqual(Object.fromEntries(source.files));
  });

  test("a silent owner loses it only when its record stays as it is while it is watched", async () => {
    const silent = encodeOwner({ ...owner, renewed: new Date(0).toISOString() });
    const slept: number[] = [];
    const clock = (whileAsleep: () => void) => ({
      now: Date.now,
      sleep: async (ms: number, signal?: AbortSignal) => {
        slept.push(ms);
        if (slept.length === 1) whileAsleep();
        else await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    server.lock = silent;
    const beats = clock(() => (server.lock = encodeOwner({ ...owner, renewed: new Date(1).toISOString() })));
    await expect(tryDelivery(server.open(), source, testCtx({ clock: beats }), "run1")).rejects.toMatchObject({
      code: "locked",
    });
    slept.length = 0;
    server.lock = silent;
    await tryDelivery(server.open(), source, testCtx({ clock: clock(() => {}) }), "run1");
    expect(slept[0]).toBeGreaterThan(20_000);
    expect(served(server)).toEqual(Object.fromEntries(source.files));
  });

  test("one that was taken and never written, as by a killed run, is watched for seconds only", async () => {
    server.lock = new Uint8Array();
    const slept: number[] = [];
    const clock = {
      now: Date.now,
      sleep: async (ms: number, signal?: AbortSignal) => {
        slept.push(ms);
        if (slept.length > 1)
          await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    };
    await tryDelivery(server.open(), source, testCtx({ clock }), "run1");
    expect(slept[0]).toBe(5_000);
    expect(served(server)).toEqual(Object.fromEntries(source.files));
  });

  test("an owner that lost it stops before its next phase", async () => {
    const target = server.open();
    const robbed: Target = {
      ...target,
      put: async (file, body, ctx) => {
        server.lock = encodeOwner(owner);
        return target.put(file, body, ctx);
      },
    };
    await expect(tryDelivery(robbed, source, testCtx(), "run1")).rejects.toMatchObject({ code: "lock-lost" });
    expect(Object.keys(served(server))).toEqual(["assets/site.css"]);
    expect(parseOwner(server.lock ?? new Uint8Array())?.token).toBe("theirs");
  });

  test("of two deliveries at once one is locked out, and the target is one of the two sites whole", async () => {
    const other = createMemorySource({ "index.html": "other top", "x.css": "x" });
    const results = await Promise.allSettled([
      tryDelivery(server.open(), source, testCtx(), "run1"),
      tryDelivery(server.open(), other, testCtx(), "run2"),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const winner = results[0]?.status === "fulfilled" ? source : other;
    expect(served(server)).toEqual(Object.fromEntries(winner.files));
  });
});
