import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { bodyOf, bytes, failingBody } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { StoreTest, StoreTraits } from "../object-store-contract.ts";
import { attributesOf, keysIn, textOf } from "./objects.ts";

const MB = 1 << 20;

/** Bodies of any length, sent in parts. */
export function largeCases(it: StoreTest, { ownProcess }: StoreTraits): void {
  for (const size of [0, 1, 100_000, 5 * MB, 8 * MB, 16 * MB + 1, 37_000_003]) {
    it(`a body of ${size.toLocaleString("en")} bytes sent in parts arrives whole`, async ({ store, look, ctx }) => {
      const content = bytes(size, 7);
      const { etag } = await store.putLarge("動画/大.mp4", bodyOf(content)(), attributesOf(), ctx);
      const found = await store.get("動画/大.mp4", ctx);
      expectContent(found?.content, content);
      expect(found?.etag).toBe(etag);
      const head = await store.head("動画/大.mp4", ctx);
      expect(head).toMatchObject({ size, etag });
      if (head?.md5 !== undefined) expect(head.md5).toBe(createHash("md5").update(content).digest("hex"));
      expect((await look.unfinished?.()) ?? []).toEqual([]);
    });
  }

  for (const [when, sent] of [
    ["before its first byte", 0],
    ["half-way", 13 * MB],
    ["after its last byte", 20 * MB],
  ] as const) {
    it(`a large body that fails ${when} leaves the old object and nothing else, and its own error is thrown`, async ({
      store,
      look,
      ctx,
    }) => {
      const turnedBad = new Error("the content is not what the plan says");
      await store.put("a.mp4", Buffer.from("古い"), attributesOf(), ctx);
      for (const key of ["a.mp4", "新しい.mp4"]) {
        const body = failingBody(bytes(sent), turnedBad)();
        await expect(store.putLarge(key, body, attributesOf(), ctx)).rejects.toBe(turnedBad);
      }
      expect(await textOf(store, "a.mp4", ctx)).toBe("古い");
      expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["a.mp4"]);
      expect((await look.unfinished?.()) ?? []).toEqual([]);
    });
  }

  it("an old object is served until the new one is whole", async ({ store, ctx }) => {
    await store.put("a.mp4", Buffer.from("古い"), attributesOf(), ctx);
    let continues = () => {};
    const pause = new Promise<void>((resolve) => {
      continues = resolve;
    });
    async function* body() {
      yield bytes(12 * MB);
      await pause;
      yield bytes(5);
    }
    const put = store.putLarge("a.mp4", Readable.from(body(), { objectMode: false }), attributesOf(), ctx);
    for (let look = 0; look < 5; look++) expect(await textOf(store, "a.mp4", ctx)).toBe("古い");
    continues();
    await put;
    expect(await store.head("a.mp4", ctx)).toMatchObject({ size: 12 * MB + 5 });
  });

  it("4 large bodies at once each arrive whole", async ({ store, ctx }) => {
    const contents = [1, 2, 3, 4].map((seed) => bytes(11 * MB + seed, seed));
    await Promise.all(contents.map((content, i) => store.putLarge(`${i}.mp4`, bodyOf(content)(), attributesOf(), ctx)));
    for (const [i, content] of contents.entries()) {
      const found = await store.get(`${i}.mp4`, ctx);
      expectContent(found?.content, content, `${i}.mp4`);
    }
  });

  if (ownProcess) {
    it("memory does not grow with the length of a body", async ({ store, ctx }) => {
      const size = 240 * MB;
      const most = await mostMemory(() => store.putLarge("5GB.mp4", endless(size), attributesOf(), ctx));
      expect(await store.head("5GB.mp4", ctx)).toMatchObject({ size });
      // Eight parts of 8 MiB at once, and what of the body waits for them.
      expect(most / MB).toBeLessThan(160);
    });
  }
}

/** So many bytes, each piece in memory of its own. */
function endless(size: number): Readable {
  let left = size;
  return new Readable({
    read() {
      const length = Math.min(left, 65_536);
      left -= length;
      this.push(length === 0 ? null : Buffer.alloc(length, left % 251));
    },
  });
}

/** How many bytes more there were of buffers while the work went on, at most. */
async function mostMemory(work: () => Promise<unknown>): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = () => {
    collect();
    return process.memoryUsage().external;
  };
  const before = used();
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, used() - before);
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(watching);
  }
  return most;
}
