import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { azureBlobStore } from "../../../src/targets/azure-blob/azure-blob-store.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

/** A blob service that answers as a test wants. */
async function service(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const account = { name: "testaccount", endpoint: `http://127.0.0.1:${port}`, key: Buffer.alloc(64) };
  return {
    store: azureBlobStore(account, { container: "$web", connections: 4, tier: "Cool" }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Every sort of call, each on an object of its own. */
const CALLS: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  put: (store) => store.put("a.html", Buffer.from("a"), {}, testCtx()),
  putLarge: (store) => store.putLarge("a.mp4", Readable.from([Buffer.alloc(9 << 20)]), {}, testCtx()),
  hold: (store) => store.hold("a.html", "b", Buffer.from("a"), {}, testCtx()),
  get: (store) => store.get("a.html", testCtx()),
  head: (store) => store.head("a.html", testCtx()),
  list: (store) => Array.fromAsync(store.list({ prefix: "" }, testCtx())),
  copy: (store) => store.copy("a.html", "b.html", {}, testCtx()),
  "serve as": (store) => store.copy("a.html", "a.html", { attributes: {} }, testCtx()),
  remove: (store) => store.remove(["a.html"], testCtx()),
  "remove many": (store) =>
    store.remove(
      Array.from({ length: 20 }, (_, i) => `${i}`),
      testCtx(),
    ),
};

test.each([
  [503, "ServerBusy", "slow-down"],
  [429, "", "slow-down"],
  [500, "InternalError", "server-error"],
])("%i %s makes every call fail as %s, after one attempt each", async (status, code, ours) => {
  for (const [name, call] of Object.entries(CALLS)) {
    const asked: string[] = [];
    await using busy = await service(async (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      await request.toArray();
      response.writeHead(status, code ? { "x-ms-error-code": code } : {}).end();
    });
    await expect(call(busy.store), name).rejects.toMatchObject({ kind: "transient", code: ours });
    expect(new Set(asked).size, name).toBe(asked.length);
  }
});

test("a connection that is cut makes every call fail as one that may be made again", async () => {
  for (const [name, call] of Object.entries(CALLS)) {
    await using broken = await service((request) => void request.socket.destroy());
    await expect(call(broken.store), name).rejects.toMatchObject({ kind: "transient", code: "connection-lost" });
  }
});

test("an answer that breaks off half-way is no answer", async () => {
  await using broken = await service((request, response) => {
    response.writeHead(200, { "content-length": 1000 }).write("<?xml");
    setTimeout(() => request.socket.destroy(), 20);
  });
  await expect(broken.store.get("a.html", testCtx())).rejects.toMatchObject({ code: "connection-lost" });
});

test("where batches are refused, or answer nonsense, blobs are deleted one by one", async () => {
  for (const refusal of [403, 202]) {
    let batches = 0;
    const deleted = new Set<string>();
    await using service1 = await service(async (request, response) => {
      await request.toArray();
      if (request.url?.includes("comp=batch")) {
        batches++;
        response.writeHead(refusal, { "content-type": "multipart/mixed; boundary=x" }).end();
        return;
      }
      deleted.add(`${request.method} ${request.url} ${request.headers["x-ms-delete-snapshots"]}`);
      response.writeHead(202).end();
    });
    const keys = Array.from({ length: 600 }, (_, i) => `お知らせ/${i}.html`);
    const gone: string[] = [];
    await service1.store.remove(keys, testCtx(), (key) => gone.push(key));
    expect(gone.sort()).toEqual([...keys].sort());
    expect(deleted).toEqual(
      new Set(keys.map((key) => `DELETE /$web/${encodeURIComponent(key).replace("%2F", "/")} include`)),
    );
    const before = batches;
    await service1.store.remove(keys, testCtx());
    expect(batches).toBe(before);
  }
});

test("a copy that takes its time is waited for, and one that fails is told", async () => {
  for (const outcome of ["success", "failed"]) {
    let polls = 0;
    await using slow = await service((request, response) => {
      const status = request.method === "PUT" || polls++ < 3 ? "pending" : outcome;
      response
        .writeHead(request.method === "PUT" ? 202 : 200, { "x-ms-copy-status": status, etag: `"0x${polls}"` })
        .end();
    });
    const ctx = testCtx({ clock: { now: Date.now, sleep: async () => {} } });
    const copy = slow.store.copy("a.mp4", "b.mp4", {}, ctx);
    if (outcome === "success") expect(await copy).toEqual({ etag: "0x4" });
    else await expect(copy).rejects.toMatchObject({ kind: "transient", code: "server-error" });
    expect(polls).toBe(4);
  }
});

test("headers that Azure can't hold are refused before anything is sent", async () => {
  let asked = 0;
  await using unasked = await service(() => void asked++);
  const serving = { contentType: "text/html", hash: "plain-1" };
  for (const wrong of [
    { metadata: { "build-id": "1" } },
    { metadata: { "1st": "1" } },
    { metadata: { author: "花子" } },
    { contentDisposition: 'attachment; filename="資料.pdf"' },
  ]) {
    const put = unasked.store.put("a.html", Buffer.from("a"), { serving: { ...serving, ...wrong } }, testCtx());
    await expect(put, JSON.stringify(wrong)).rejects.toMatchObject({ kind: "config", code: "header-unsendable" });
  }
  expect(asked).toBe(0);
});

test("the tier is given to the site's files and not to records", async () => {
  const tiers: unknown[] = [];
  await using quiet = await service(async (request, response) => {
    await request.toArray();
    tiers.push(request.headers["x-ms-access-tier"]);
    response.writeHead(201, { etag: '"0x1"' }).end();
  });
  const ctx = testCtx();
  const serving = { contentType: "text/html", hash: "plain-1" };
  for (const key of ["a.html", "b.html"]) await quiet.store.put(key, Buffer.from(key), { serving }, ctx);
  await quiet.store.put("manifest.gz", Buffer.from("{}"), {}, ctx);
  expect(tiers).toEqual(["Cool", "Cool", undefined]);
});
