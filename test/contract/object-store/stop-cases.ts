import { Readable } from "node:stream";
import { expect } from "vitest";
import { bytes, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import type { StoreTest } from "../object-store-contract.ts";
import { attributesOf, keysIn, textOf } from "./objects.ts";

/** Stopping. */
export function stopCases(it: StoreTest): void {
  it("when it was stopped before, nothing is done any more", async ({ store, ctx }) => {
    await store.put("here.html", Buffer.from("ここ"), attributesOf(), ctx);
    const held = await store.hold("held.html", ".beside/held", bytes(10), attributesOf(), ctx);
    const stopped = testCtx({ signal: AbortSignal.abort() });
    const body = () => Readable.from([bytes(10)]);
    const calls: Record<string, () => Promise<unknown>> = {
      list: () => Array.fromAsync(store.list({ prefix: "" }, stopped)),
      get: () => store.get("here.html", stopped),
      head: () => store.head("here.html", stopped),
      put: () => store.put("new.html", bytes(10), attributesOf(), stopped),
      putLarge: () => store.putLarge("new.html", body(), attributesOf(), stopped),
      copy: () => store.copy("here.html", "new.html", {}, stopped),
      remove: () => store.remove(["here.html"], stopped),
      hold: () => store.hold("new.html", ".beside/new", body(), attributesOf(), stopped),
      commit: () => held.commit(stopped),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toMatchObject({ kind: "aborted" });
    }
    await held.discard(ctx);
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["here.html"]);
  });

  for (const way of ["putLarge", "hold"] as const) {
    it(`${way} that is stopped half-way ends soon and leaves the old object`, async ({ store, ctx }) => {
      await store.put("a.mp4", Buffer.from("古い"), attributesOf(), ctx);
      const stop = new AbortController();
      const stopping = testCtx({ signal: stop.signal });
      const body = stalledBody(bytes(13_000_000))();
      const sending =
        way === "hold"
          ? store.hold("a.mp4", ".beside/a", body, attributesOf(), stopping)
          : store.putLarge("a.mp4", body, attributesOf(), stopping);
      const failed = expect(sending).rejects.toMatchObject({ kind: "aborted" });
      setTimeout(() => stop.abort(), 300);
      const started = performance.now();
      await failed;
      expect(performance.now() - started).toBeLessThan(3_300);
      expect(await textOf(store, "a.mp4", ctx)).toBe("古い");
      await store.putLarge("a.mp4", Readable.from([Buffer.from("新しい")]), attributesOf(), ctx);
      expect(await textOf(store, "a.mp4", ctx)).toBe("新しい");
    });
  }

  it("many calls that are stopped at once all end soon, and the store still works", async ({ store, ctx }) => {
    const stop = new AbortController();
    const stopping = testCtx({ signal: stop.signal });
    const puts = Array.from({ length: 200 }, (_, i) => store.put(`${i}.bin`, bytes(50_000), attributesOf(), stopping));
    setTimeout(() => stop.abort(), 5);
    const started = performance.now();
    const results = await Promise.allSettled(puts);
    expect(performance.now() - started).toBeLessThan(5_000);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ kind: "aborted" });
    }
    await store.put("after.html", Buffer.from("その後"), attributesOf(), ctx);
    expect(await textOf(store, "after.html", ctx)).toBe("その後");
  });
}
