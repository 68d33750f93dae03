import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { onTestFinished } from "vitest";
import { serverCertificate } from "../../servers/certificates.ts";

/** A server of one test, and what it was asked. */
export interface PageServer {
  /** Its address, with a slash at the end. */
  readonly url: string;
  readonly asked: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  }[];
}

/** Starts a server that answers so, on 127.0.0.1; it ends with the test. */
export async function startPages(answer: RequestListener, tls = false): Promise<PageServer> {
  const asked: PageServer["asked"] = [];
  const listen: RequestListener = (request, response) => {
    asked.push({ path: request.url ?? "", headers: request.headers });
    answer(request, response);
  };
  const { certFile, keyFile } = serverCertificate("valid");
  const server: Server = tls
    ? createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, listen)
    : createServer(listen);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `${tls ? "https" : "http"}://127.0.0.1:${port}/`, asked };
}

/** What a server gives, by path: a text, or an answer of its own; 404 for everything else. */
export type Pages = Readonly<Record<string, string | RequestListener>>;

/** An answer for each of these paths; the pages are asked for anew each time. */
export function servePages(pages: () => Pages): RequestListener {
  return (request, response) => {
    const page = pages()[request.url ?? ""];
    if (typeof page === "function") return page(request, response);
    response.statusCode = page === undefined ? 404 : 200;
    response.end(page ?? "not here");
  };
}

/** The hash that a manifest has of a text. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
