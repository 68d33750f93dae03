import type { RequestListener } from "node:http";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { openPageFetcher, type PageLimits } from "../../../src/deploy/check/fetch-page.ts";
import { hashOf, startPages } from "./page-server.ts";
import { tryCheck } from "./try-check.ts";

const delivered = { "index.html": "ようこそ" };

async function fetchOne(answer: RequestListener, limits: Partial<PageLimits> = {}) {
  const { url } = await startPages(answer);
  using fetcher = openPageFetcher({ privateNetworks: true, hosts: [], ...limits });
  return await fetcher.fetch({ url: new URL(url) }, new AbortController().signal);
}

test.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["GZIP, br", (text: string) => brotliCompressSync(gzipSync(text))],
] as const)("a page that comes in %s unasked is decoded", async (encoding, compress) => {
  const edge = await startPages((_, response) =>
    response.setHeader("content-encoding", encoding).end(compress("ようこそ")),
  );
  expect((await tryCheck({ edge: edge.url, delivered })).result.outcome).toBe("fresh");
});

test("a file that was compressed in the source already is what was delivered", async () => {
  const packed = gzipSync("drawing");
  const page = await fetchOne((_, response) => response.setHeader("content-encoding", "gzip").end(packed));
  expect(page).toMatchObject({ content: [expect.any(String), hashOf("drawing")] });
});

test("garbage in the name of gzip, and codings no browser knows, are no page", async () => {
  for (const encoding of ["gzip", "rot13", "gzip,gzip,gzip,gzip"]) {
    const edge = await startPages((_, response) => response.setHeader("content-encoding", encoding).end("ようこそ"));
    const { result } = await tryCheck({ edge: edge.url, delivered, settings: { within: "1s" } });
    const why = `its content is not what its Content-Encoding says: ${encoding}`;
    expect(result.wrong).toEqual([{ url: edge.url, where: "edge", why }]);
  }
});

test("a bomb of zeros is not unpacked further than the limit", async () => {
  const bomb = gzipSync(Buffer.alloc(4 << 20));
  const bombing: RequestListener = (_, response) => response.setHeader("content-encoding", "gzip").end(bomb);
  expect(await fetchOne(bombing, { maxBytes: 1 << 20 })).toMatchObject({ content: "undecodable" });
});

test("a body without an end is cut off", async () => {
  const endless: RequestListener = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  expect(await fetchOne(endless, { maxBytes: 1 << 20 })).toMatchObject({ status: 200, content: "endless" });
  const edge = await startPages(endless);
  const { result } = await tryCheck({ edge: edge.url, delivered, settings: { within: "1s" } });
  expect(result.wrong).toMatchObject([{ why: "its content has no end" }]);
});

test("a file that says it is larger than can be compared counts by its status", async () => {
  const large: RequestListener = (_, response) => response.writeHead(200, { "content-length": 1 << 30 }).write("film");
  expect(await fetchOne(large, { maxBytes: 1 << 20 })).toMatchObject({ status: 200, content: "too-large" });
  const edge = await startPages(large);
  expect((await tryCheck({ edge: edge.url, delivered })).result.outcome).toBe("fresh");
});

test("the line is still good after a body that was cut off", async () => {
  let first = true;
  const { url, asked } = await startPages((_, response) => {
    response.end(first ? Buffer.alloc(1 << 20) : "small");
    first = false;
  });
  using fetcher = openPageFetcher({ privateNetworks: true, hosts: [], maxBytes: 1000 });
  const get = () => fetcher.fetch({ url: new URL(url) }, new AbortController().signal);
  expect(await get()).toMatchObject({ content: "too-large" });
  expect(await get()).toMatchObject({ content: [hashOf("small")] });
  expect(asked).toHaveLength(2);
});

test("an edge that never answers, and one that drips, are given up in time", async () => {
  const silent: RequestListener = () => undefined;
  const dripping: RequestListener = (_, response) => {
    const drip = setInterval(() => response.write("."), 20);
    response.on("close", () => clearInterval(drip));
  };
  for (const slow of [silent, dripping]) {
    const answer = await fetchOne(slow, { timeMs: 200 });
    expect(answer).toMatchObject({ code: "timeout", kind: "transient" });
  }
});

test("a redirect loop is one answer: nothing is followed", async () => {
  const edge = await startPages((_, response) => response.writeHead(302, { location: "/" }).end());
  const { result, slept } = await tryCheck({ edge: edge.url, delivered, settings: { within: "3s" } });
  expect(result.wrong).toMatchObject([{ why: "302 to / instead of 200" }]);
  expect(edge.asked).toHaveLength(slept.length + 1);
});

test("headers as large as a film are refused", async () => {
  const edge = await startPages((_, response) => response.setHeader("x-much", "x".repeat(100_000)).end("ようこそ"));
  const { result, warnings } = await tryCheck({ edge: edge.url, delivered, settings: { within: "1s" } });
  expect(result).toMatchObject({ outcome: "unreachable", wrong: [{ where: "edge" }] });
  expect(warnings).toEqual(["check-unreachable"]);
});

test("what is no HTTP at all, and an answer that breaks off, are no page", async () => {
  for (const answer of ["220 ftp.example.jp ready\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"]) {
    const edge = await startPages((request) => request.socket.end(answer));
    const { result } = await tryCheck({ edge: edge.url, delivered, settings: { within: "1s" } });
    expect(result.outcome).toBe("unreachable");
  }
});

test("a certificate that nobody vouches for is not trusted, and not asked again", async () => {
  const edge = await startPages((_, response) => response.end("ようこそ"), true);
  const { result, slept, events } = await tryCheck({ edge: edge.url, delivered });
  expect(result.outcome).toBe("unreachable");
  expect(result.wrong[0]?.why).toContain("can't be trusted");
  expect(slept).toEqual([]);
  expect(events).toContainEqual(expect.objectContaining({ hint: expect.stringContaining("NODE_EXTRA_CA_CERTS") }));
});
