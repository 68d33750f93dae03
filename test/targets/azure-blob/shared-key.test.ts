import { createSecretKey } from "node:crypto";
import { BlockBlobClient, newPipeline, StorageSharedKeyCredential } from "@azure/storage-blob";
import fc from "fast-check";
import { expect, test } from "vitest";
import { signWithKey } from "../../../src/targets/azure-blob/shared-key.ts";

const KEY = createSecretKey(Buffer.alloc(64, "smartsync"));

interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** What Azure's own SDK sends for a put, signature and all. */
async function sentBySdk(name: string, metadata: Record<string, string>, conditions = {}): Promise<Sent> {
  let sent: Sent | undefined;
  const credential = new StorageSharedKeyCredential("testaccount", KEY.export().toString("base64"));
  const pipeline = newPipeline(credential, {
    retryOptions: { maxTries: 1 },
    httpClient: {
      async sendRequest(request) {
        const { method, url } = request;
        const headers = request.headers.headersArray().map(({ name, value }) => [name.toLowerCase(), value]);
        sent = { method, url: new URL(url), headers: Object.fromEntries(headers) };
        return { status: 201, headers: request.headers.clone(), request };
      },
    },
  });
  const address = `https://testaccount.blob.core.windows.net/$web/${encodeURIComponent(name).replaceAll("%2F", "/")}`;
  const blobHTTPHeaders = { blobContentType: "text/html; charset=utf-8", blobCacheControl: "no-cache" };
  const client = new BlockBlobClient(address, pipeline);
  await client.upload("こんにちは", 15, { metadata, conditions, blobHTTPHeaders, tier: "Cool" });
  if (sent === undefined) throw new Error("the SDK sent nothing");
  return sent;
}

function ours({ method, url, headers: { authorization: _, ...headers } }: Sent): string {
  const query = Object.fromEntries(url.searchParams);
  return signWithKey("testaccount", KEY, { method, path: url.pathname, query, headers });
}

test("a put is signed as Azure's own SDK signs it, whatever its metadata is called", async () => {
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/);
  const metadata = fc.dictionary(name, fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/), { maxKeys: 8 });
  await fc.assert(
    fc.asyncProperty(metadata, async (metadata) => {
      const sent = await sentBySdk("お知らせ/1 (2).html", metadata);
      expect(ours(sent)).toBe(sent.headers.authorization);
    }),
  );
});

test("a conditional put is signed as Azure's own SDK signs it", async () => {
  for (const conditions of [{ ifMatch: '"0x8DE1"' }, { ifNoneMatch: "*" }]) {
    const sent = await sentBySdk("a+b&c=d.html", {}, conditions);
    expect(ours(sent)).toBe(sent.headers.authorization);
  }
});

test("parameters are signed in the order of their names, as they are before they are encoded", () => {
  const sign = (query: Record<string, string>) =>
    signWithKey("testaccount", KEY, { method: "GET", path: "/$web", query, headers: {} });
  const query = { restype: "container", comp: "list", prefix: "会社/a b" };
  expect(sign({ ...query })).toBe(sign({ prefix: "会社/a b", comp: "list", restype: "container" }));
  expect(sign({ ...query })).not.toBe(sign({ ...query, prefix: encodeURIComponent("会社/a b") }));
});
