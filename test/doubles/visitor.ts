import { request } from "node:http";
import { gunzipSync } from "node:zlib";

/** What a visitor sees. */
export interface Sight {
  readonly status: number;
  readonly text: string;
}

/** A browser's way to ask; another one, such as a crawler, takes nothing compressed. */
export type Browser = "browser" | "crawler";

/**
 * Visits an address at a server as a browser does that has nothing cached. The path is sent as it is given; `host` is
 * what stands in the address bar.
 */
export async function visit(server: string, host: string, path: string, who: Browser = "browser"): Promise<Sight> {
  const { hostname, port } = new URL(server);
  const headers = {
    host,
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "accept-language": "ja,en-US;q=0.7,en;q=0.3",
    "accept-encoding": who === "browser" ? "gzip, deflate, br, zstd" : "identity",
    "user-agent":
      who === "browser" ? "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" : "crawler/1.0",
    "upgrade-insecure-requests": "1",
  };
  const { promise, resolve, reject } = Promise.withResolvers<Sight>();
  const sent = request({ hostname, port, path, headers, agent: false }, (answer) => {
    answer
      .toArray()
      .then((chunks) => {
        const body = Buffer.concat(chunks);
        const plain = answer.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
        resolve({ status: answer.statusCode ?? 0, text: plain.toString("utf8") });
      })
      .catch(reject);
  });
  sent.on("error", reject);
  sent.end();
  return promise;
}
