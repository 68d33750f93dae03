import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectS3 } from "../../../src/targets/s3/s3-connection.ts";
import { s3ObjectStore } from "../../../src/targets/s3/s3-object-store.ts";
import { s3Schema } from "../../../src/targets/s3/s3-schema.ts";
import { settingsOf } from "../../../src/targets/s3/s3-settings.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

let server: Server | undefined;
afterEach(() => void server?.close().closeAllConnections());

/** Lists a bucket of which every page is answered so, with status 200. */
async function list(answer: (query: URLSearchParams) => string): Promise<string[]> {
  server = createServer((request, response) => {
    response.end(answer(new URL(request.url ?? "", "http://bucket").searchParams));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const keys = { accessKeyId: "key", secretAccessKey: "secret" };
  const config = s3Schema.parse({ type: "s3", preset: "generic", endpoint, bucket: "www" });
  const connection = await connectS3(settingsOf(config), { name: "bucket", keys: () => keys });
  await using store = s3ObjectStore(connection);
  const pages = await Array.fromAsync(store.list({ prefix: "" }, testCtx()));
  return pages.flatMap((page) => page.map(({ key }) => key));
}

const page = (inside: string) =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`;
const object = (key: string) =>
  `<Contents><Key>${key}</Key><ETag>&#34;d41d8cd98f00b204e9800998ecf8427e&#34;</ETag><Size>0</Size></Contents>`;

test("a list is read to its last page, and keys by the encoding that the store names", async () => {
  const keys = await list((query) =>
    query.get("continuation-token") === "次&"
      ? page(`<IsTruncated>false</IsTruncated>${object("b&amp;+%20.html")}`)
      : page(
          `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>次&amp;</NextContinuationToken>${object("%E4%BC%9A%E7%A4%BE+a.html")}`,
        ),
  );
  expect(keys).toEqual(["会社 a.html", "b&+%20.html"]);
});

test("a web page that answers in the store's place is not an empty bucket", async () => {
  await expect(list(() => "<html><body>Welcome</body></html>")).rejects.toMatchObject({
    kind: "config",
    code: "store-unclear",
  });
});

test("a list that breaks off without saying how it goes on is not taken for whole", async () => {
  const broken = page(`<IsTruncated>true</IsTruncated>${object("a.html")}`);
  await expect(list(() => broken)).rejects.toMatchObject({ code: "store-unclear" });
});
