import { once } from "node:events";
import { Readable } from "node:stream";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { COMPRESSIONS } from "../../src/core/serving.ts";
import { compressBody } from "../../src/site/compress-body.ts";

const DECOMPRESS = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };

/** Text that compresses about as well as pages do. */
function textOf(length: number, seed = 1): Buffer {
  const words = ["<p>", "お知らせ", "</p>\n", "2026年11月", "新着", ' class="news"', "京都", "a"];
  let text = "";
  for (let at = seed; text.length < length; at = (at * 48271) % 2147483647)
    text += `${words[at % words.length]}${at % 97}`;
  return Buffer.from(text).subarray(0, length);
}

function bodyOf(bytes: Buffer, cuts: readonly number[] = []): Readable {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return Readable.from(
    edges.slice(1).map((end, at) => bytes.subarray(edges[at], end)),
    { objectMode: false },
  );
}

async function collect(body: Readable): Promise<Buffer> {
  return Buffer.concat(await body.toArray());
}

describe.each(COMPRESSIONS)("%s", (how) => {
  test.each([0, 1, 6_000, 65_536, 65_537, 300_000, 3_000_000])(
    "gives back a body of %i bytes, and is smaller",
    async (size) => {
      const bytes = textOf(size);
      const compressed = await collect(compressBody(bodyOf(bytes), how));
      expect(DECOMPRESS[how](compressed).equals(bytes)).toBe(true);
      if (size >= 6_000) expect(compressed.length).toBeLessThan(size / 2);
    },
  );

  test("the same bytes give the same bytes, however they are cut", async () => {
    const size = fc.constantFrom(0, 10, 6_000, 65_535, 65_536, 65_537, 150_000);
    await fc.assert(
      fc.asyncProperty(size, fc.array(fc.nat(200_000), { maxLength: 12 }), async (length, cuts) => {
        const bytes = textOf(length);
        const whole = await collect(compressBody(bodyOf(bytes), how));
        expect((await collect(compressBody(bodyOf(bytes, cuts), how))).equals(whole)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ["before its first byte", 0],
    ["early", 100],
    ["when much of it has passed", 5_000_000],
  ])("a body that fails %s ends in its own error", async (_, after) => {
    const failure = new Error("the source changed");
    async function* failing() {
      for (let sent = 0; sent < after; sent += 50_000) yield textOf(50_000, sent + 1);
      throw failure;
    }
    await expect(collect(compressBody(Readable.from(failing(), { objectMode: false }), how))).rejects.toBe(failure);
  });

  test("ending it early ends the body", async () => {
    let sent = 0;
    let ended = false;
    async function* endless() {
      try {
        for (;;) {
          yield textOf(50_000, ++sent);
          await turn();
        }
      } finally {
        ended = true;
      }
    }
    const compressed = compressBody(Readable.from(endless(), { objectMode: false }), how);
    await once(compressed, "readable");
    compressed.destroy();
    await vi.waitFor(() => expect(ended).toBe(true));
  });

  test("a body without an end is not read ahead of who takes it", async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        yield textOf(50_000, ++sent);
        await turn();
      }
    }
    const compressed = compressBody(Readable.from(endless(), { objectMode: false }), how).once("readable", () => {});
    const isResting = async () => {
      const before = sent;
      await wait(200);
      expect(sent).toBe(before);
    };
    await vi.waitFor(isResting, { timeout: 4_000 });
    expect(sent).toBeGreaterThan(0);
    compressed.destroy();
  });
});

test("gzip says no time: a page compressed tomorrow is the same", async () => {
  const compressed = await collect(compressBody(bodyOf(textOf(6_000)), "gzip"));
  expect([...compressed.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
});
