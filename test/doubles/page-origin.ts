import { gzipSync } from "node:zlib";
import { startLocalServer } from "./local-server.ts";

/** A web server behind a cache, which lets everything be kept for an hour. */
export interface PageOrigin extends AsyncDisposable {
  readonly url: URL;
  /** What it serves, by the path that is not encoded: "/お知らせ/". What is not in there is 404. */
  readonly pages: Map<string, string>;
  /** How many requests have come through to it. */
  requests(): number;
}

/** Starts it on a free port. It compresses what it may, and says so in `Vary`. */
export async function startPageOrigin(): Promise<PageOrigin> {
  const pages = new Map<string, string>();
  let requests = 0;
  const server = await startLocalServer(({ url = "/", headers }, answer) => {
    requests++;
    const page = pages.get(decodeURIComponent(new URL(url, "http://origin").pathname));
    const zipped = /\bgzip\b/.test(headers["accept-encoding"] ?? "");
    const body = Buffer.from(page ?? "ありません");
    answer
      .writeHead(page === undefined ? 404 : 200, {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "public, max-age=3600",
        "cache-tag": page === undefined ? "missing" : `page, ${url.startsWith("/news") ? "news" : "other"}`,
        vary: "Accept-Encoding",
        ...(zipped && { "content-encoding": "gzip" }),
      })
      .end(zipped ? gzipSync(body) : body);
  });
  return { ...server, url: new URL(server.url), pages, requests: () => requests };
}
