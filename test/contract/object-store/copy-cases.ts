import { Readable } from "node:stream";
import { expect } from "vitest";
import { bytes } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { StoreTest } from "../object-store-contract.ts";
import { EVERY_HEADER, EVERY_HEADER_TOLD, OTHER_HEADERS } from "./attribute-cases.ts";
import { attributesOf, keysIn, textOf } from "./objects.ts";

const PLAIN = attributesOf({ contentType: "text/plain" }, "cd".repeat(32));

/** Copies within the store. */
export function copyCases(it: StoreTest): void {
  it("a copy has the original's bytes and everything it was given", async ({ store, look, ctx }) => {
    const content = bytes(100_000);
    const attributes = attributesOf(EVERY_HEADER);
    await store.put("元/a.html", content, attributes, ctx);
    const { etag } = await store.copy("元/a.html", "写し/b.html", {}, ctx);
    const found = await store.get("写し/b.html", ctx);
    expectContent(found?.content, content);
    expect(found?.etag).toBe(etag);
    expect(await look.headers("写し/b.html")).toMatchObject(EVERY_HEADER_TOLD);
    const { sha256, serving } = attributes;
    expect(await store.head("写し/b.html", ctx)).toMatchObject({ etag, sha256, serving: serving?.hash });
    expectContent((await store.get("元/a.html", ctx))?.content, content);
  });

  it("a copy with attributes of its own has these and none of the original's", async ({ store, look, ctx }) => {
    await store.put("a.html", bytes(10), attributesOf(EVERY_HEADER), ctx);
    await store.copy("a.html", "b.html", { attributes: PLAIN }, ctx);
    const headers = await look.headers("b.html");
    expect(headers["content-type"]).toBe("text/plain");
    for (const other of OTHER_HEADERS) expect(headers, other).not.toHaveProperty(other);
    expect(await store.head("b.html", ctx)).toMatchObject({ sha256: PLAIN.sha256, serving: PLAIN.serving?.hash });
    expect(await look.headers("a.html")).toMatchObject(EVERY_HEADER_TOLD);
  });

  it("a copy onto itself changes the headers and leaves the bytes", async ({ store, look, ctx }) => {
    const content = bytes(50_000);
    await store.put("a.html", content, attributesOf(), ctx);
    const { etag } = await store.copy("a.html", "a.html", { attributes: attributesOf(EVERY_HEADER) }, ctx);
    expect(await look.headers("a.html")).toMatchObject(EVERY_HEADER_TOLD);
    const found = await store.get("a.html", ctx);
    expectContent(found?.content, content);
    expect(found?.etag).toBe(etag);
  });

  it("a copy replaces what is there, with all its headers", async ({ store, look, ctx }) => {
    await store.put("a.html", Buffer.from("新しい"), attributesOf({ contentType: "text/plain" }), ctx);
    await store.put("b.html", Buffer.from("古い"), attributesOf(EVERY_HEADER), ctx);
    await store.copy("a.html", "b.html", {}, ctx);
    expect(await textOf(store, "b.html", ctx)).toBe("新しい");
    const headers = await look.headers("b.html");
    expect(headers["content-type"]).toBe("text/plain");
    for (const other of OTHER_HEADERS) expect(headers, other).not.toHaveProperty(other);
  });

  it("a copy only if it is still this one succeeds with its etag and with no other", async ({ store, ctx }) => {
    const first = await store.put("a.html", Buffer.from("一"), attributesOf(), ctx);
    await store.copy("a.html", "b.html", { ifMatch: first.etag }, ctx);
    expect(await textOf(store, "b.html", ctx)).toBe("一");
    await store.put("a.html", Buffer.from("二"), attributesOf(), ctx);
    for (const to of ["b.html", "a.html"]) {
      const copy = store.copy("a.html", to, { attributes: PLAIN, ifMatch: first.etag }, ctx);
      await expect(copy, to).rejects.toMatchObject({ kind: "conflict", code: "condition-failed" });
    }
    expect(await textOf(store, "b.html", ctx)).toBe("一");
    expect((await store.head("a.html", ctx))?.serving).not.toBe(PLAIN.serving?.hash);
  });

  it("a copy of nothing is not found, and nothing comes of it", async ({ store, ctx }) => {
    await store.put("b.html", Buffer.from("残る"), attributesOf(), ctx);
    for (const how of [{}, { attributes: PLAIN }]) {
      await expect(store.copy("ない.html", "b.html", how, ctx)).rejects.toMatchObject({ kind: "not-found" });
    }
    expect(await keysIn(store, { prefix: "" }, ctx)).toEqual(["b.html"]);
    expect(await textOf(store, "b.html", ctx)).toBe("残る");
  });

  it("an object that was sent in parts can be copied", async ({ store, look, ctx }) => {
    const content = bytes(17_000_000);
    await store.putLarge("a.mp4", Readable.from([content]), attributesOf(EVERY_HEADER), ctx);
    await store.copy("a.mp4", "b.mp4", {}, ctx);
    expectContent((await store.get("b.mp4", ctx))?.content, content);
    expect(await look.headers("b.mp4")).toMatchObject(EVERY_HEADER_TOLD);
  });
}
