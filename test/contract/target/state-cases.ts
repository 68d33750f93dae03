import { expect } from "vitest";
import { bytes } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { TargetTest, TargetTraits } from "../target-contract.ts";

/** The small files smartsync keeps beside the site. */
export function stateCases(it: TargetTest, traits: TargetTraits): void {
  it("before anything was written there is no state, and asking makes none", async ({ target, look, ctx }) => {
    expect(await target.state.read("manifest.json", ctx)).toBeUndefined();
    expect(await target.state.list(ctx)).toEqual([]);
    await target.state.remove(["manifest.json", "intent.ndjson"], ctx);
    expect(await target.state.readLock(ctx)).toBeUndefined();
    expect(await look.listAll()).toEqual([]);
  });

  it("state is read back exactly, also by another target, and replaced", async ({ target, server, ctx }) => {
    await using other = await server.open();
    for (const length of [3_000, 2_000_000, 0, 17]) {
      const content = bytes(length, length + 1);
      await target.state.write("manifest.json", content, ctx);
      for (const { state } of [target, other]) {
        const read = await state.read("manifest.json", ctx);
        expectContent(read, content);
      }
    }
  });

  it("state lists its names, without the lock, and forgets removed ones", async ({ target, look, ctx }) => {
    const { state } = target;
    for (const name of ["manifest.json", "intent-1.ndjson", "intent-2.ndjson"]) await state.write(name, bytes(9), ctx);
    await state.takeLock(bytes(5), ctx);
    expect((await state.list(ctx)).sort()).toEqual(["intent-1.ndjson", "intent-2.ndjson", "manifest.json"]);
    await state.remove(["intent-1.ndjson", "absent.json", "intent-2.ndjson"], ctx);
    expect(await state.list(ctx)).toEqual(["manifest.json"]);
    expect(await state.read("intent-1.ndjson", ctx)).toBeUndefined();
    expect(await look.listAll()).toEqual([]);
  });

  it("a write that may not replace leaves what was there, and the next one is as any", async ({ target, ctx }) => {
    const { state } = target;
    await state.write("head.json", bytes(40, 1), ctx);
    const refusal = new Error("the lock was lost");
    await expect(state.write("head.json", bytes(50, 2), ctx, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expectContent(await state.read("head.json", ctx), bytes(40, 1));
    await state.write("head.json", bytes(60, 3), ctx, async () => {
      expectContent(await state.read("head.json", ctx), bytes(40, 1));
    });
    expectContent(await state.read("head.json", ctx), bytes(60, 3));
  });

  it("10 states written at once are all there", async ({ target, ctx }) => {
    const names = Array.from({ length: 10 }, (_, i) => `progress-${i}.json`);
    await Promise.all(names.map((name, i) => target.state.write(name, bytes(500, i), ctx)));
    for (const [i, name] of names.entries()) {
      const read = await target.state.read(name, ctx);
      expectContent(read, bytes(500, i), name);
    }
  });

  if (traits.atomicReplace) {
    it("state read while it is replaced is the old or the new one, whole", async ({ target, server, ctx }) => {
      const versions = Array.from({ length: 8 }, (_, i) => Buffer.from(bytes(200_000 + i * 1_000, i)));
      await using reader = await server.open();
      await target.state.write("manifest.json", versions[0] ?? Buffer.alloc(0), ctx);
      let writing = true;
      let reads = 0;
      const reading = (async () => {
        for (; writing; reads++) {
          const read = await reader.state.read("manifest.json", ctx);
          expect(versions.some((version) => read !== undefined && version.equals(read))).toBe(true);
        }
      })();
      try {
        for (const version of versions) await target.state.write("manifest.json", version, ctx);
      } finally {
        writing = false;
        await reading;
      }
      expect(reads).toBeGreaterThan(1);
    });
  }
}
