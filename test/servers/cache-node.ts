import type { ScratchServer } from "./scratch-server.ts";

/** A cache on this machine, in front of an origin. */
export interface CacheNode extends ScratchServer {
  /** Where visitors and purges reach it: "http://127.0.0.1:10241". */
  readonly url: string;
}

/** What a cache stands in front of, and who may purge it. */
export interface CacheOptions {
  /** The server behind it: "http://127.0.0.1:10753". */
  readonly origin: URL;
  /** What it asks the origin for as Host; what the visitor did, when absent. */
  readonly hostHeader?: string;
  /** Without it, a purge is refused. */
  readonly secret?: string;
}
