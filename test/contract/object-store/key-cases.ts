import { expect } from "vitest";
import { nameFault } from "../../../src/core/names.ts";
import type { StoreTest } from "../object-store-contract.ts";
import { attributesOf, inKeyOrder, keysIn, putText, textOf } from "./objects.ts";

/** Keys that break careless signatures, addresses and XML. */
const KEYS: Record<string, string[]> = {
  "URL characters": [
    "100%.html",
    "%E3%81%82.html",
    "a+b.html",
    "a&b=c.html",
    "a#b.html",
    "why?.html",
    "a;b,c@d:e.html",
  ],
  "spaces and quotes": ["a b.html", "  two before.html", "全角　空白.html", "it's.html", 'say "hi".html', "a`b.html"],
  brackets: ["[1].html", "{x}.html", "(1).html", "<b>&amp;.html", "a*!'()~.html", "$HOME|^.html"],
  "Japanese, composed and not": ["ページ.html", "ページ.html".normalize("NFD"), "会社案内/アクセス・地図.html"],
  "beyond the basic plane": ["𠮷野家.html", "🍣/🍺.html", "👩‍👩‍👧‍👦.html"],
  "leading dots and dashes": [
    ".htaccess",
    "..hidden.html",
    "...",
    ".well-known/a",
    "-rf.html",
    "x/-",
    "a..b/c",
    "a.b./c",
  ],
  "upper and lower case": ["same.html", "Same.html", "SAME.html"],
};

/** Every sort of key, in every call. */
export function keyCases(it: StoreTest): void {
  for (const [sort, names] of Object.entries(KEYS)) {
    it(`keys: ${sort}`, async ({ store, look, ctx }) => {
      const keys = names.flatMap((key) => [key, `深い/${key}`]).filter((key) => isHeld(key, store.names));
      await Promise.all(keys.map((key) => putText(store, key, ctx)));
      expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(inKeyOrder(keys));
      for (const key of keys) {
        expect(await textOf(store, key, ctx), key).toBe(`これは ${key}`);
        expect(await store.head(key, ctx), key).toMatchObject({ key });
        expect(await keysIn(store, { prefix: key }, ctx), key).toEqual(
          inKeyOrder(keys.filter((k) => k.startsWith(key))),
        );
        expect(await look.headers(key), key).toMatchObject({ "content-type": "text/html; charset=utf-8" });
      }
      for (const key of keys) {
        await store.copy(key, `copy of/${key}`, {}, ctx);
        expect(await textOf(store, `copy of/${key}`, ctx), key).toBe(`これは ${key}`);
        await store.copy(`copy of/${key}`, key, { attributes: attributesOf({ contentType: "text/plain" }) }, ctx);
        expect(await look.headers(key), key).toMatchObject({ "content-type": "text/plain" });
        const held = await store.hold(key, `.beside/${key}`, Buffer.from(`次の ${key}`), attributesOf(), ctx);
        await held.commit(ctx);
        expect(await textOf(store, key, ctx), key).toBe(`次の ${key}`);
      }
      await store.remove([...keys, ...keys.map((key) => `copy of/${key}`)], ctx);
      expect(await keysIn(store, { prefix: "" }, ctx)).toEqual([]);
    });
  }

  it("keys as long as the store takes them, in bytes", async ({ store, ctx }) => {
    const longest = Math.min(store.names.maxPathBytes, 1_024);
    const keys = ["x", "長", "/長い名前"].map((unit) => {
      const bytes = Buffer.byteLength(unit);
      const times = Math.floor(longest / bytes) - 1;
      return `${"k".repeat(longest - times * bytes)}${unit.repeat(times)}`;
    });
    for (const key of keys) expect(Buffer.byteLength(key)).toBe(longest);
    for (const key of keys) await putText(store, key, ctx, "長い");
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(inKeyOrder(keys));
    for (const key of keys) expect(await textOf(store, key, ctx)).toBe("長い");
    await store.remove(keys, ctx);
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual([]);
  });
}

/** The store says that it holds the key. */
function isHeld(key: string, rules: Parameters<typeof nameFault>[1]): boolean {
  return nameFault(key, rules) === undefined;
}
