import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { throwIfAborted } from "../../lib/abort.ts";
import type { SmartsyncError } from "../../lib/errors.ts";
import { type Answer, openHttpLine, SilenceError, TooLongError } from "../../lib/http-line.ts";
import { lineError } from "../../lib/line-error.ts";
import { decodeBody } from "./decode-body.ts";
import { publicLookup, refusePrivate } from "./public-lookup.ts";

/** What a server gave for an address. */
export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * SHA-256 of the body as it came and as it is shown; "too-large" to be read as it says itself, "endless" where it
   * doesn't, or "undecodable": not what its Content-Encoding says.
   */
  readonly content: readonly string[] | "too-large" | "endless" | "undecodable";
}

/** What is asked of a server. */
export interface PageRequest {
  readonly url: URL;
  /** The host it is asked for, where that is not the address's own. */
  readonly host?: string;
}

/** How pages are fetched. */
export interface PageLimits {
  readonly privateNetworks: boolean;
  /** Hosts that are asked: only these are refused when they are private, and not a proxy on the way. */
  readonly hosts: Iterable<string>;
  /** How long one request may take in all, in milliseconds. */
  readonly timeMs?: number;
  /** How long a body may be, as it comes and decoded. */
  readonly maxBytes?: number;
}

/** Fetches pages as a visitor who comes for the first time. Disposing closes its connections. */
export interface PageFetcher extends Disposable {
  /**
   * Gives what the server gave, or why there is none as an error: "check-private", or what `lineError` makes of it.
   * Throws only "aborted".
   */
  fetch(request: PageRequest, signal: AbortSignal): Promise<Page | SmartsyncError>;
}

const CONNECTIONS = 8;
const TIME_MS = 20_000;
const MAX_BYTES = 32 * 1024 * 1024;

/** Opens a fetcher: no redirect is followed, no cookie kept, and no compression asked for. */
export function openPageFetcher(limits: PageLimits): PageFetcher {
  const { privateNetworks, hosts, timeMs = TIME_MS, maxBytes = MAX_BYTES } = limits;
  const lookup = privateNetworks ? {} : { lookup: publicLookup(new Set(hosts)) };
  const line = openHttpLine(CONNECTIONS, timeMs, { ...lookup, maxBytes });

  async function get({ url, host = url.host }: PageRequest, signal: AbortSignal): Promise<Answer> {
    const headers = { host, accept: "*/*", "accept-encoding": "identity", "user-agent": "smartsync (check)" };
    return line.send(url, { method: "GET", path: `${url.pathname}${url.search}`, headers }, signal);
  }

  return {
    async fetch(request, signal) {
      const limit = AbortSignal.timeout(timeMs);
      try {
        if (!privateNetworks) refusePrivate(request.url);
        return await readPage(await get(request, AbortSignal.any([signal, limit])), maxBytes);
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof TooLongError) {
          const declared = Number(error.answer.headers["content-length"]) > maxBytes;
          return { ...error.answer, content: declared ? "too-large" : "endless" };
        }
        return lineError("fetch it", request.url.host, limit.aborted ? new SilenceError("too slow") : error);
      }
    },
    [Symbol.dispose]: () => line.close(),
  };
}

async function readPage({ status, headers, body }: Answer, maxBytes: number): Promise<Page> {
  const decoded = await decodeBody(body, headers["content-encoding"] ?? "", maxBytes);
  if (decoded === "undecodable") return { status, headers, content: decoded };
  return { status, headers, content: (decoded === body ? [body] : [body, decoded]).map(sha256) };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
