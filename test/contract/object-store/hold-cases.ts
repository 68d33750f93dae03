import type { Readable } from "node:stream";
import { expect } from "vitest";
import type { Ctx } from "../../../src/core/context.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import { bodyOf, bytes, failingBody } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { StoreTest } from "../object-store-contract.ts";
import { EVERY_HEADER, EVERY_HEADER_TOLD, OTHER_HEADERS } from "./attribute-cases.ts";
import { attributesOf, keysIn, textOf } from "./objects.ts";

const BESIDE = ".smartsync/.stage/";

/** Objects that lie in the store and that nobody sees yet. */
export function holdCases(it: StoreTest): void {
  const text = (content: string) => Buffer.from(content);
  const hold = (store: ObjectStore, key: string, content: Uint8Array | Readable, ctx: Ctx) =>
    store.hold(key, `${BESIDE}${key}`, content, attributesOf(), ctx);
  /** Everything visitors could come upon. */
  const visible = async (store: ObjectStore, ctx: Ctx) =>
    (await keysIn(store, { prefix: "" }, ctx)).filter((key) => !key.startsWith(BESIDE));

  it("a held object is not there before it is committed, and then is with every header", async ({
    store,
    look,
    ctx,
  }) => {
    const content = bytes(6_000);
    const attributes = attributesOf(EVERY_HEADER);
    const held = await store.hold("新着/1.html", `${BESIDE}1`, content, attributes, ctx);
    expect(await store.get("新着/1.html", ctx)).toBeUndefined();
    expect(await store.head("新着/1.html", ctx)).toBeUndefined();
    expect(await visible(store, ctx)).toEqual([]);
    const { etag } = await held.commit(ctx);
    const found = await store.get("新着/1.html", ctx);
    expectContent(found?.content, content);
    expect(found?.etag).toBe(etag);
    const { sha256, serving } = attributes;
    expect(await store.head("新着/1.html", ctx)).toMatchObject({ etag, sha256, serving: serving?.hash });
    expect(await look.headers("新着/1.html")).toMatchObject(EVERY_HEADER_TOLD);
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["新着/1.html"]);
    expect((await look.unfinished?.()) ?? []).toEqual([]);
  });

  it("the old object is served until the commit, which replaces it with all its headers", async ({
    store,
    look,
    ctx,
  }) => {
    await store.put("a.html", text("古い"), attributesOf(EVERY_HEADER), ctx);
    const held = await store.hold(
      "a.html",
      `${BESIDE}a`,
      text("新しい"),
      attributesOf({ contentType: "text/plain" }),
      ctx,
    );
    expect(await textOf(store, "a.html", ctx)).toBe("古い");
    expect(await look.headers("a.html")).toMatchObject(EVERY_HEADER_TOLD);
    await held.commit(ctx);
    expect(await textOf(store, "a.html", ctx)).toBe("新しい");
    const headers = await look.headers("a.html");
    expect(headers["content-type"]).toBe("text/plain");
    for (const other of OTHER_HEADERS) expect(headers, other).not.toHaveProperty(other);
  });

  for (const [what, size] of [
    ["nothing", 0],
    ["a page", 3_000],
    ["a film", 21_000_001],
  ] as const) {
    it(`${what} can be held, given whole or as a stream`, async ({ store, ctx }) => {
      const content = bytes(size);
      const whole = await hold(store, "whole", content, ctx);
      const stream = await hold(store, "stream", bodyOf(content)(), ctx);
      await Promise.all([whole.commit(ctx), stream.commit(ctx)]);
      for (const key of ["whole", "stream"]) {
        const found = await store.get(key, ctx);
        expectContent(found?.content, content, key);
      }
    });
  }

  it("what is discarded leaves nothing, and the old object as it was", async ({ store, look, ctx }) => {
    await store.put("a.html", text("古い"), attributesOf(EVERY_HEADER), ctx);
    for (const key of ["a.html", "b.html"]) {
      const held = await hold(store, key, text("新しい"), ctx);
      await held.discard(ctx);
    }
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["a.html"]);
    expect(await textOf(store, "a.html", ctx)).toBe("古い");
    expect(await look.headers("a.html")).toMatchObject(EVERY_HEADER_TOLD);
    expect((await look.unfinished?.()) ?? []).toEqual([]);
  });

  it("a body that fails holds nothing, and its own error is thrown", async ({ store, look, ctx }) => {
    const turnedBad = new Error("the content is not what the plan says");
    for (const sent of [0, 300_000, 13_000_000]) {
      const body = failingBody(bytes(sent), turnedBad)();
      await expect(hold(store, "a.html", body, ctx)).rejects.toBe(turnedBad);
    }
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual([]);
    expect((await look.unfinished?.()) ?? []).toEqual([]);
  });

  it("a key that was discarded can be held again, and only the last is committed", async ({ store, ctx }) => {
    for (const length of [40_000, 90_000, 10, 0]) await (await hold(store, "a.html", bytes(length), ctx)).discard(ctx);
    const last = await hold(store, "a.html", text("最後"), ctx);
    await last.commit(ctx);
    expect(await textOf(store, "a.html", ctx)).toBe("最後");
  });

  it("a commit whose answer was lost can be made again", async ({ store, ctx }) => {
    const held = await hold(store, "a.html", text("一度だけ"), ctx);
    const { etag } = await held.commit(ctx);
    expect(await held.commit(ctx)).toMatchObject({ etag });
    expect(await store.get("a.html", ctx)).toMatchObject({ content: text("一度だけ"), etag });
  });

  it("100 objects are held at once and committed at once", async ({ store, ctx }) => {
    const keys = Array.from({ length: 100 }, (_, i) => `記事/${100 + i}.html`);
    const held = await Promise.all(keys.map((key) => hold(store, key, text(key), ctx)));
    expect(await visible(store, ctx)).toEqual([]);
    await Promise.all(held.map((object) => object.commit(ctx)));
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(keys);
    for (const key of keys) expect(await textOf(store, key, ctx)).toBe(key);
  });

  it("what a killed run held is dropped for the keys it is asked of; objects stay", async ({
    server,
    store,
    look,
    ctx,
  }) => {
    const since = Date.now() - 60_000;
    await store.put("a.html", text("古い"), attributesOf(EVERY_HEADER), ctx);
    for (const key of ["a.html", "b.html"]) await hold(store, key, text("死んだ"), ctx);
    const other = await hold(store, "c.html", text("別の"), ctx);
    await using next = await server.open();
    await next.dropHeld(new Set(["a.html", "b.html", "never.html"]), since, ctx);
    expect(await visible(next, ctx)).toEqual(["a.html"]);
    expect(await textOf(next, "a.html", ctx)).toBe("古い");
    expect(await look.headers("a.html")).toMatchObject(EVERY_HEADER_TOLD);
    if (look.unfinished) for (const key of ["a.html", "b.html"]) expect(await look.unfinished()).not.toContain(key);
    const again = await hold(next, "a.html", text("次の"), ctx);
    await Promise.all([other.commit(ctx), again.commit(ctx)]);
    expect(await textOf(next, "a.html", ctx)).toBe("次の");
    expect(await textOf(next, "c.html", ctx)).toBe("別の");
  });
}
