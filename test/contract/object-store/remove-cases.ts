import { expect } from "vitest";
import type { StoreTest } from "../object-store-contract.ts";
import { fill, keysIn } from "./objects.ts";

/** A busy server takes its time over thousands of objects, each of them an fsync or three. */
const MANY = { timeout: 240_000 };

/** Deleting. */
export function removeCases(it: StoreTest): void {
  it("removed objects are gone, absent ones are fine, and each is told once", async ({ store, ctx }) => {
    await fill(store, ["a.html", "お知らせ/1.html", "お知らせ/残る.html"], ctx);
    const keys = ["a.html", "お知らせ/1.html", "never.html", "お知らせ", "a.html/x"];
    const done: string[] = [];
    await store.remove(keys, ctx, (key) => done.push(key));
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["お知らせ/残る.html"]);
    expect(done.sort()).toEqual([...keys].sort());
  });

  it("removing nothing, and nothing but absent ones, is fine", async ({ store, ctx }) => {
    await store.remove([], ctx);
    await store.remove(["a.html", "ない.html"], ctx);
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual([]);
  });

  it("2,300 keys are removed in one call, absent ones among them", MANY, async ({ store, ctx }) => {
    const present = Array.from({ length: 2_100 }, (_, i) => `記事/${i}.html`);
    const absent = Array.from({ length: 200 }, (_, i) => `記事/${i}.css`);
    await fill(store, [...present, "記事/残る.txt"], ctx);
    const keys = [...present, ...absent].sort();
    const done: string[] = [];
    await store.remove(keys, ctx, (key) => done.push(key));
    expect(done.sort()).toEqual(keys);
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["記事/残る.txt"]);
  });
}
