import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { azureBlobStore } from "../../../src/targets/azure-blob/azure-blob-store.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { type AzuriteServer, startAzurite } from "../../servers/azurite.ts";
import { makeContainer } from "./azurite-container.ts";

type Container = Awaited<ReturnType<typeof makeContainer>>;

let server: AzuriteServer;
let container: Container;
let store: ObjectStore;
beforeAll(async () => {
  server = await startAzurite();
  container = await makeContainer(server, "$web");
  const account = { name: server.account, endpoint: server.endpoint, key: Buffer.from(server.accountKey, "base64") };
  store = azureBlobStore(account, { container: "$web", connections: 8 });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await server.stop();
});

const ctx = testCtx();
const html = { serving: { contentType: "text/html; charset=utf-8", hash: "plain-1" } };
const text = (content: string) => Buffer.from(content);

async function blocksOf(key: string): Promise<number> {
  const { uncommittedBlocks = [] } = await container.getBlockBlobClient(key).getBlockList("uncommitted");
  return uncommittedBlocks.length;
}

// Azure's Put Blob throws them away as well; Azurite's forgets to.
test("a delivery that writes in order after one that was killed while staged throws its blocks away", async () => {
  await store.put("動画.mp4", text("古い"), html, ctx);
  await store.hold("動画.mp4", "beside", text("死んだ"), html, ctx);
  expect(await blocksOf("動画.mp4")).toBe(1);
  await store.putLarge("動画.mp4", Readable.from([text("新しい")]), html, ctx);
  expect(await blocksOf("動画.mp4")).toBe(0);
  expect((await store.get("動画.mp4", ctx))?.content).toEqual(text("新しい"));
});

test("what was only staged, and never was a blob, is in no list and not to be read", async () => {
  await store.hold("未来.html", "beside", text("まだ"), html, ctx);
  const listed = (await Array.fromAsync(store.list({ prefix: "未来" }, ctx))).flat();
  expect(listed).toEqual([]);
  expect(await store.get("未来.html", ctx)).toBeUndefined();
  await store.remove(["未来.html"], ctx);
});

test("a commit whose blocks another write threw away says so, and leaves that write's blob", async () => {
  const held = await store.hold("a.html", "beside", text("支度した"), html, ctx);
  const blob = container.getBlockBlobClient("a.html");
  const id = Buffer.from("other".padEnd(22)).toString("base64");
  await blob.stageBlock(id, "他人", Buffer.byteLength("他人"));
  await blob.commitBlockList([id]);
  await expect(held.commit(ctx)).rejects.toMatchObject({ kind: "conflict", code: "upload-gone" });
  expect((await store.get("a.html", ctx))?.content).toEqual(text("他人"));
});

test("a commit can be made by the request of an earlier one whose answer was lost", async () => {
  const blob = container.getBlockBlobClient("b.html");
  const held = await store.hold("b.html", "beside", text("一度だけ"), html, ctx);
  const { uncommittedBlocks = [] } = await blob.getBlockList("uncommitted");
  await blob.commitBlockList(uncommittedBlocks.map(({ name }) => name));
  await held.commit(ctx);
  expect((await store.get("b.html", ctx))?.content).toEqual(text("一度だけ"));
  expect(await store.head("b.html", ctx)).toMatchObject({ serving: "plain-1" });
});
