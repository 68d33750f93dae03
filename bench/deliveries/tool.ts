import type { Link } from "../link/open-link.ts";

/** A server at the far end of a link. */
export interface BenchServer extends AsyncDisposable {
  /** The account's root directory, as this machine sees it; the tools are told paths below it. */
  readonly root: string;
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
  readonly name: "ftps" | "ssh";
  readonly tools: Readonly<Record<string, Tool<Server>>>;
  startServer(link: Link, scratch: string): Promise<Server>;
}
