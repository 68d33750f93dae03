import { expect } from "vitest";
import type { Ctx } from "../../../src/core/context.ts";
import type { Target } from "../../../src/targets/target.ts";
import type { TargetTest } from "../target-contract.ts";

/** The lock: one writer per target. */
export function lockCases(it: TargetTest): void {
  const owner = (name: string) => Buffer.from(JSON.stringify({ by: name, why: "定時配信" }));
  const read = async ({ state }: Target, ctx: Ctx) => Buffer.from((await state.readLock(ctx)) ?? "nobody");

  it("the lock is taken once, and again only after it was dropped", async ({ target, server, ctx }) => {
    await using other = await server.open();
    expect(await target.state.takeLock(owner("a"), ctx)).toBe(true);
    expect(await other.state.takeLock(owner("b"), ctx)).toBe(false);
    expect(await target.state.takeLock(owner("a once more"), ctx)).toBe(false);
    expect(await read(other, ctx)).toEqual(owner("a"));
    await target.state.dropLock(ctx);
    expect(await other.state.readLock(ctx)).toBeUndefined();
    expect(await other.state.takeLock(owner("b"), ctx)).toBe(true);
    expect(await read(target, ctx)).toEqual(owner("b"));
  });

  it("of 8 takers at once exactly one gets the lock", async ({ server, target, ctx }) => {
    const takers: Target[] = [target];
    while (takers.length < 8) takers.push(await server.open());
    for (let round = 0; round < 5; round++) {
      const took = await Promise.all(takers.map(({ state }, i) => state.takeLock(owner(`taker ${i}`), ctx)));
      expect(took.filter(Boolean)).toEqual([true]);
      expect(await read(target, ctx)).toEqual(owner(`taker ${took.indexOf(true)}`));
      await target.state.dropLock(ctx);
    }
    for (const taker of takers) await taker[Symbol.asyncDispose]();
  });

  it("the owner's record is renewed without letting go of the lock", async ({ target, server, ctx }) => {
    await using other = await server.open();
    await target.state.takeLock(owner("a"), ctx);
    for (const name of ["a, much later than before", "a"]) {
      await target.state.writeLock(owner(name), ctx);
      expect(await read(other, ctx)).toEqual(owner(name));
      expect(await other.state.takeLock(owner("b"), ctx)).toBe(false);
    }
  });

  it("dropping a lock twice, or one that nobody has, is fine", async ({ target, ctx }) => {
    await target.state.dropLock(ctx);
    await target.state.takeLock(owner("a"), ctx);
    await target.state.dropLock(ctx);
    await target.state.dropLock(ctx);
    expect(await target.state.readLock(ctx)).toBeUndefined();
  });
}
