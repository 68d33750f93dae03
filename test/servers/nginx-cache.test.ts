import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { visit } from "../doubles/visitor.ts";
import { startNginxCache } from "./nginx-cache.ts";

test("an nginx cache asks its origin below a path and for another host, if it is told to, once for each address", async () => {
  const asked: string[] = [];
  const server = createServer(({ url, headers }, answer) => {
    asked.push(`${headers.host}${url}`);
    answer.writeHead(200, { "cache-control": "max-age=60" }).end("ようこそ");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : "";
  const origin = new URL(`http://127.0.0.1:${port}/bucket/`);
  await using cache = await startNginxCache({ origin, hostHeader: "bucket.example.jp" });
  const path = `/${encodeURIComponent("お知らせ")}/a%20b.html`;
  for (let time = 0; time < 2; time++) {
    expect(await visit(cache.url, "www.example.jp", path)).toEqual({ status: 200, text: "ようこそ" });
  }
  expect(asked).toEqual([`bucket.example.jp/bucket${path}`]);
});
