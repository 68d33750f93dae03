import { Readable } from "node:stream";
import { expect } from "vitest";
import type { Ctx } from "../../../src/core/context.ts";
import type { ServingHeaders } from "../../../src/core/serving.ts";
import type { ObjectAttributes, ObjectStore } from "../../../src/targets/objects/object-store.ts";
import type { StoreTest } from "../object-store-contract.ts";
import { attributesOf } from "./objects.ts";

/** Everything that can be said of how an object is served. */
export const EVERY_HEADER: ServingHeaders = {
  contentType: "text/html; charset=Shift_JIS",
  cacheControl: "public, max-age=31536000, immutable",
  contentEncoding: "gzip",
  contentDisposition: `attachment; filename="a.html"; filename*=UTF-8''%E8%B3%87%E6%96%99.html`,
  contentLanguage: "ja",
  metadata: { author: "hanako", build: "2026-11-23 v1.2+3" },
};

/** What visitors are told then. */
export const EVERY_HEADER_TOLD = {
  "content-type": EVERY_HEADER.contentType,
  "cache-control": EVERY_HEADER.cacheControl,
  "content-encoding": EVERY_HEADER.contentEncoding,
  "content-disposition": EVERY_HEADER.contentDisposition,
  "content-language": EVERY_HEADER.contentLanguage,
  "meta-author": "hanako",
  "meta-build": "2026-11-23 v1.2+3",
};

/** The names of everything that was given and is not `contentType`: absent once an object is served plainly. */
export const OTHER_HEADERS = [
  "content-encoding",
  "content-disposition",
  "content-language",
  "meta-author",
  "meta-build",
];

type Way = (store: ObjectStore, key: string, attributes: ObjectAttributes, ctx: Ctx) => Promise<unknown>;

const CONTENT = Buffer.from("中身は同じ");

/** Every way to give an object its attributes. */
const WAYS: Record<string, Way> = {
  put: (store, key, attributes, ctx) => store.put(key, CONTENT, attributes, ctx),
  putLarge: (store, key, attributes, ctx) => store.putLarge(key, Readable.from([CONTENT]), attributes, ctx),
  "hold and commit": async (store, key, attributes, ctx) => {
    const held = await store.hold(key, `.beside/${key}`, CONTENT, attributes, ctx);
    await held.commit(ctx);
  },
  "copy in place": async (store, key, attributes, ctx) => {
    if ((await store.head(key, ctx)) === undefined) await store.put(key, CONTENT, attributesOf(), ctx);
    await store.copy(key, key, { attributes }, ctx);
  },
};

/** What an object is given besides its bytes. */
export function attributeCases(it: StoreTest): void {
  for (const [name, give] of Object.entries(WAYS)) {
    it(`${name} gives an object every header and metadata`, async ({ store, look, ctx }) => {
      await give(store, "資料/a.html", attributesOf(EVERY_HEADER), ctx);
      expect(await look.headers("資料/a.html")).toMatchObject(EVERY_HEADER_TOLD);
    });

    it(`${name} keeps no header of the object that was there`, async ({ store, look, ctx }) => {
      await store.put("a.html", Buffer.from("前の"), attributesOf(EVERY_HEADER), ctx);
      await give(store, "a.html", attributesOf({ contentType: "text/plain", metadata: { other: "yes" } }), ctx);
      const headers = await look.headers("a.html");
      expect(headers).toMatchObject({ "content-type": "text/plain", "meta-other": "yes" });
      for (const other of OTHER_HEADERS) expect(headers, other).not.toHaveProperty(other);
      expect(headers["cache-control"] ?? "").not.toContain("immutable");
    });

    it(`what ${name} was given is told: the content's SHA-256 and the hash of how it is served`, async ({
      store,
      ctx,
    }) => {
      const sha256 = "0123456789abcdef".repeat(4);
      const attributes = attributesOf({ cacheControl: "no-cache" }, sha256);
      await give(store, "a.html", attributes, ctx);
      expect(await store.head("a.html", ctx)).toMatchObject({ sha256, serving: attributes.serving?.hash });
    });
  }

  it("an object without any attributes can be put, and tells none", async ({ store, ctx }) => {
    await store.put("record.gz", CONTENT, {}, ctx);
    const found = await store.head("record.gz", ctx);
    expect(found?.size).toBe(CONTENT.length);
    expect(found?.sha256).toBeUndefined();
    expect(found?.serving).toBeUndefined();
  });

  it("a list tells the same of an object as a question for it, or less", async ({ store, ctx }) => {
    const attributes = attributesOf({ cacheControl: "no-cache" });
    await store.put("a.html", CONTENT, attributes, ctx);
    const [[listed] = []] = await Array.fromAsync(store.list({ prefix: "" }, ctx));
    expect([undefined, attributes.sha256]).toContain(listed?.sha256);
    expect([undefined, attributes.serving?.hash]).toContain(listed?.serving);
    const head = await store.head("a.html", ctx);
    expect([undefined, head?.md5]).toContain(listed?.md5);
  });
}
