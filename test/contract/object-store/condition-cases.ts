import { expect } from "vitest";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import type { StoreTest, StoreTraits } from "../object-store-contract.ts";
import { textOf } from "./objects.ts";

const NOT_MET = { kind: "conflict", code: "condition-failed" };
const text = (content: string) => Buffer.from(content);

/** Writes that happen only if. */
export function conditionCases(it: StoreTest, { conditions }: StoreTraits): void {
  if (conditions !== "yes") return;

  it("a put only if absent succeeds once, and leaves what is there", async ({ store, ctx }) => {
    await store.put("lock", text("一番"), {}, ctx, { ifAbsent: true });
    await expect(store.put("lock", text("二番"), {}, ctx, { ifAbsent: true })).rejects.toMatchObject(NOT_MET);
    expect(await textOf(store, "lock", ctx)).toBe("一番");
    await store.remove(["lock"], ctx);
    await store.put("lock", text("三番"), {}, ctx, { ifAbsent: true });
    expect(await textOf(store, "lock", ctx)).toBe("三番");
  });

  it("of 20 puts at once that want the key free exactly one wins", async ({ server, ctx }) => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => server.open()));
    for (let round = 0; round < 5; round++) {
      const key = `lock-${round}`;
      const puts = Array.from({ length: 20 }, (_, i) =>
        stores[i % 4]?.put(key, text(`${i}`), {}, ctx, { ifAbsent: true }),
      );
      const results = await Promise.allSettled(puts);
      const winners = results.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const result of results) {
        if (result.status === "fulfilled") continue;
        expect(result.reason).toBeInstanceOf(SmartsyncError);
        // Some stores tell those who come at the same moment to try again; then they lose.
        if (result.reason.kind !== "transient") expect(result.reason).toMatchObject(NOT_MET);
      }
      expect(await stores[0]?.get(key, ctx)).toMatchObject({ content: text(`${winners[0]}`) });
    }
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it("a put only if it is still this one succeeds with its etag and with no other", async ({ store, ctx }) => {
    const first = await store.put("lock", text("一"), {}, ctx);
    const second = await store.put("lock", text("二"), {}, ctx, { ifMatch: first.etag });
    expect(second.etag).not.toBe(first.etag);
    await expect(store.put("lock", text("三"), {}, ctx, { ifMatch: first.etag })).rejects.toMatchObject(NOT_MET);
    expect(await textOf(store, "lock", ctx)).toBe("二");
  });

  it("a put only if it is still this one fails when nothing is there", async ({ store, ctx }) => {
    const { etag } = await store.put("lock", text("一"), {}, ctx);
    await store.remove(["lock"], ctx);
    await expect(store.put("lock", text("二"), {}, ctx, { ifMatch: etag })).rejects.toMatchObject(NOT_MET);
    expect(await store.get("lock", ctx)).toBeUndefined();
  });
}
