import { createHash } from "node:crypto";
import { expect } from "vitest";
import { bytes } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { StoreTest, StoreTraits } from "../object-store-contract.ts";
import { attributesOf, listed, textOf } from "./objects.ts";

/** Whole objects, put and read. */
export function putCases(it: StoreTest, traits: StoreTraits): void {
  it("says where it is, what keys it takes and how much it likes at once", ({ store }) => {
    expect(store.place).toMatch(/\S/);
    expect(store.concurrency).toBeGreaterThan(0);
    expect(store.largeFrom).toBeGreaterThan(0);
    expect(store.names.maxPathBytes).toBeGreaterThan(0);
    expect(store.conditions).toBe(traits.conditions);
  });

  it("an object that was put is there with exactly its bytes, and every call tells the same etag", async ({
    store,
    ctx,
  }) => {
    const content = bytes(70_001);
    const { etag } = await store.put("news/index.html", content, attributesOf(), ctx);
    expect(etag).not.toBe("");
    expect(etag).not.toContain('"');
    const found = await store.get("news/index.html", ctx);
    expectContent(found?.content, content);
    expect(found?.etag).toBe(etag);
    const expected = { key: "news/index.html", size: 70_001, etag };
    expect(await store.head("news/index.html", ctx)).toMatchObject(expected);
    expect(await listed(store, { prefix: "" }, ctx)).toMatchObject([expected]);
  });

  it("an empty object can be put and read", async ({ store, ctx }) => {
    const { etag } = await store.put("空.txt", new Uint8Array(), attributesOf(), ctx);
    const found = await store.get("空.txt", ctx);
    expect(found?.content).toHaveLength(0);
    expect(await store.head("空.txt", ctx)).toMatchObject({ size: 0, etag });
  });

  it("a put replaces what was there, longer or shorter, and the etag changes", async ({ store, ctx }) => {
    const etags = new Set<string>();
    for (const length of [40_000, 90_000, 10, 0, 500]) {
      const content = bytes(length, length + 1);
      etags.add((await store.put("x.html", content, attributesOf(), ctx)).etag);
      const found = await store.get("x.html", ctx);
      expectContent(found?.content, content);
    }
    expect(etags.size).toBe(5);
  });

  it("an absent object is certainly absent", async ({ store, ctx }) => {
    await store.put("here/index.html", bytes(10), attributesOf(), ctx);
    for (const key of ["nowhere.html", "here", "here/", "here/index.html/x", "ない.html"]) {
      expect(await store.get(key, ctx), key).toBeUndefined();
      expect(await store.head(key, ctx), key).toBeUndefined();
    }
  });

  it("one key may be the beginning of another, as no folder would have it", async ({ store, ctx }) => {
    for (const key of ["about", "about/index.html", "about/index.html/more"]) {
      await store.put(key, Buffer.from(key), attributesOf(), ctx);
    }
    for (const key of ["about", "about/index.html", "about/index.html/more"])
      expect(await textOf(store, key, ctx)).toBe(key);
    await store.remove(["about"], ctx);
    expect(await textOf(store, "about", ctx)).toBeUndefined();
    expect(await textOf(store, "about/index.html", ctx)).toBe("about/index.html");
  });

  it("64 puts at once all arrive", async ({ store, ctx }) => {
    const contents = Array.from({ length: 64 }, (_, i) => bytes(1_000 + i, i));
    await Promise.all(contents.map((content, i) => store.put(`一覧/${i}.html`, content, attributesOf(), ctx)));
    for (const [i, content] of contents.entries()) {
      const found = await store.get(`一覧/${i}.html`, ctx);
      expectContent(found?.content, content);
    }
  });

  it("bytes that are served as compressed are given back as they lie there", async ({ store, ctx }) => {
    // Not gzip at all: whoever unpacks it fails.
    const content = Buffer.from("圧縮されていない");
    for (const contentEncoding of ["gzip", "br"]) {
      await store.put("page.html", content, attributesOf({ contentEncoding }), ctx);
      const found = await store.get("page.html", ctx);
      expectContent(found?.content, content, contentEncoding);
      expect((await store.head("page.html", ctx))?.size).toBe(content.length);
    }
  });

  if (traits.md5) {
    it("the MD5 of what was put in one piece is told", async ({ store, ctx }) => {
      const content = bytes(5_000);
      await store.put("a.bin", content, attributesOf(), ctx);
      const md5 = createHash("md5").update(content).digest("hex");
      expect(await store.head("a.bin", ctx)).toMatchObject({ md5 });
      expect(await listed(store, { prefix: "" }, ctx)).toMatchObject([{ md5 }]);
    });
  }

  it("a store can be closed twice, and others stay open", async ({ server, store, ctx }) => {
    const other = await server.open();
    await other.put("a.html", bytes(10), attributesOf(), ctx);
    await other[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    expect((await store.get("a.html", ctx))?.content).toHaveLength(10);
  });

  it("what doctor looks at leaves nothing behind", async ({ server, store, ctx }) => {
    const found = (await store.examine?.("試験/probe.txt", ctx)) ?? [];
    expect(found.every((fact) => fact !== "")).toBe(true);
    expect(await listed(store, { prefix: "" }, ctx)).toEqual([]);
    expect((await server.look.unfinished?.()) ?? []).toEqual([]);
  });
}
