import type { Wire } from "../link/open-link.ts";
import type { BenchName } from "../results.ts";

/** A server at the far end of a wire. */
export interface BenchServer extends AsyncDisposable {
  /** Throws unless `remote`, a directory below what the tools deliver to, holds just what `source` does. */
  expectSame(source: string, remote: string): Promise<void>;
}

/** A tool that can make a directory on a server equal to a local one. */
export interface Tool<Server> {
  /** How it is called in the tables. */
  readonly label: string;
  /** What of its settings matters for a fair comparison. */
  readonly settings: string;
  /** A command whose first line of output has the version. */
  version(): readonly string[];
  /**
   * Gives the command that delivers `source` into `remote`, a directory below the account's root. What it needs or
   * remembers between runs goes to `scratch`.
   */
  prepare(server: Server, source: string, remote: string, scratch: string): Promise<string[]>;
}

/** A kind of server, and the tools that are compared on it, by the names `--tools` takes. */
export interface DeliveryBench<Server extends BenchServer> {
  readonly name: BenchName;
  /** One way of a packet, in milliseconds; 0: the server is reached over loopback. */
  readonly delayMs: number;
  readonly tools: Readonly<Record<string, Tool<Server>>>;
  /** Writes the site that is delivered; gives the paths of its files. */
  writeSource(source: string, files: number): Promise<string[]>;
  startServer(wire: Wire, scratch: string): Promise<Server>;
}
