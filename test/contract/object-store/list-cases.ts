import { createHash } from "node:crypto";
import { expect } from "vitest";
import { bytes } from "../../doubles/site-file.ts";
import type { StoreTest, StoreTraits } from "../object-store-contract.ts";
import { attributesOf, fill, inKeyOrder, keysIn, listed } from "./objects.ts";

/** In the order of their UTF-8 bytes, which is not that of JavaScript's strings: "～" comes before "𠮷". */
const KEYS = inKeyOrder([
  "!",
  "A.html",
  "a",
  "a.html",
  "a/1.html",
  "a/2.html",
  "a/b/3.html",
  "a0.html",
  "あ.html",
  "ア.html",
  "漢字/1.html",
  "漢字/2.html",
  "～.html",
  "𠮷.html",
  "🍣.html",
]);

/** Lists and parts of them. */
export function listCases(it: StoreTest, traits: StoreTraits): void {
  it("an empty bucket is an empty list", async ({ store, ctx }) => {
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual([]);
    expect(await keysIn(store, { prefix: "docs/", from: "docs/a", until: "docs/b" }, ctx)).toEqual([]);
  });

  it("a list is in the order of UTF-8 bytes and tells size, etag and time of each", async ({ store, ctx }) => {
    const before = Date.now();
    const etags = new Map<string, string>();
    for (const [i, key] of KEYS.entries()) {
      etags.set(key, (await store.put(key, bytes(10 + i, i), attributesOf(), ctx)).etag);
    }
    const found = await listed(store, { prefix: "" }, ctx);
    expect(found.map(({ key }) => key)).toEqual(KEYS);
    for (const [i, object] of found.entries()) {
      expect(object).toMatchObject({ size: 10 + i, etag: etags.get(object.key) });
      if (object.mtimeMs !== undefined) expect(Math.abs(object.mtimeMs - before)).toBeLessThan(60_000);
      if (object.md5 !== undefined) {
        expect(object.md5).toBe(
          createHash("md5")
            .update(bytes(10 + i, i))
            .digest("hex"),
        );
      }
    }
    if (traits.md5) expect(found.every(({ md5 }) => md5 !== undefined)).toBe(true);
  });

  it("a range begins with the key it names and ends before the other, by UTF-8 bytes", async ({ store, ctx }) => {
    await fill(store, KEYS, ctx);
    const borders = [undefined, ...KEYS, "a/", "a/1", "漢", "～", "𠮷", "\u{10ffff}", "0"];
    const at = (key: string) => Buffer.from(key);
    for (const from of borders) {
      for (const until of [undefined, "a/2.html", "漢字/2.html", "～.html", "𠮷.html", "b"]) {
        const range = { prefix: "", ...(from && { from }), ...(until && { until }) };
        const expected = KEYS.filter(
          (key) =>
            (from === undefined || Buffer.compare(at(key), at(from)) >= 0) &&
            (until === undefined || Buffer.compare(at(key), at(until)) < 0),
        );
        expect(await keysIn(store, range, ctx), JSON.stringify(range)).toEqual(expected);
      }
    }
  });

  it("a prefix is a beginning of keys, with or without a range", async ({ store, ctx }) => {
    await fill(store, KEYS, ctx);
    for (const prefix of ["a", "a/", "a/b/", "漢字/", "nothing", "～"]) {
      const expected = KEYS.filter((key) => key.startsWith(prefix));
      expect(await keysIn(store, { prefix }, ctx), prefix).toEqual(expected);
    }
    expect(await keysIn(store, { prefix: "a/", from: "a/2.html" }, ctx)).toEqual(["a/2.html", "a/b/3.html"]);
    expect(await keysIn(store, { prefix: "a/", from: "!", until: "a/2.html" }, ctx)).toEqual(["a/1.html"]);
    expect(await keysIn(store, { prefix: "a/", from: "b" }, ctx)).toEqual([]);
    expect(await keysIn(store, { prefix: "漢字/", until: "あ" }, ctx)).toEqual([]);
  });

  it("2,100 objects are listed over page borders, in one list and in parts at once", async ({ store, ctx }) => {
    const keys = inKeyOrder(Array.from({ length: 2_100 }, (_, i) => `記事/${i % 21}/${i}.html`));
    await fill(store, keys, ctx);
    await fill(store, ["記事", "記事.html", "記事0/x.html"], ctx);
    expect(await keysIn(store, { prefix: "記事/" }, ctx)).toEqual(keys);
    const cuts = [0, 1, 999, 1_000, 1_001, 1_999, 2_000, 2_001].map((at) => keys[at]);
    const parts = await Promise.all(
      cuts.map((from, i) => {
        const until = cuts[i + 1];
        return keysIn(store, { prefix: "記事/", ...(from && { from }), ...(until && { until }) }, ctx);
      }),
    );
    expect(parts.map((part) => part.length)).toEqual([1, 998, 1, 1, 998, 1, 1, 99]);
    expect(parts.flat()).toEqual(keys);
  });
}
