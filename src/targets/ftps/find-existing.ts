import type { Ctx } from "../../core/context.ts";
import { parentOf, type RelPath } from "../../core/rel-path.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { createFindOut, unclear } from "./find-out.ts";
import { type Entry, type Listing, listDirectory } from "./list-directory.ts";
import { saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";

/** What is on a server already. */
export interface Existing {
  /** What is under the paths that were asked for and is no directory. */
  readonly files: ReadonlyMap<RelPath, Entry>;
  /** The directories that were looked into, below the document root. */
  readonly dirs: ReadonlySet<string>;
}

/**
 * Finds what lies under these paths, one listing for each directory of theirs; throws when that can't be told. `at`
 * gives the server's path.
 */
export async function findExisting(
  pool: ConnectionPool,
  server: Server,
  paths: readonly RelPath[],
  at: (path: string) => string,
  ctx: Ctx,
): Promise<Existing> {
  const seen = new Map<string, Promise<Listing | undefined>>();
  const files = new Map<RelPath, Entry>();
  const dirs = new Set<string>();

  function look(dir: string): Promise<Listing | undefined> {
    const known = seen.get(dir) ?? lookInto(dir);
    seen.set(dir, known);
    return known;
  }

  /**
   * The listing; undefined when there is no such directory. The one above is asked first: Pure-FTPd makes those wait
   * longer and longer who enter what does not exist, and hangs up at last.
   */
  async function lookInto(dir: string): Promise<Listing | undefined> {
    if (dir !== "") {
      const above = await look(parentOf(dir));
      if (above === undefined || !mayHold(above, nameOf(dir))) return undefined;
    }
    const found = await pool.use(ctx, (connection) => listDirectory(connection, server, at(dir)));
    if (!("refusal" in found)) {
      dirs.add(dir);
      return found;
    }
    if (saysMissing(found.refusal, at(dir)) || (await isAbsent(dir))) return undefined;
    throw unclear("look into", at(dir), found.refusal.message);
  }

  async function isAbsent(dir: string): Promise<boolean> {
    const presence = await pool.use(ctx, (connection) => createFindOut(connection, server)(at(dir)));
    return presence === "absent" || presence === "file";
  }

  /** For names that a listing leaves out, as some servers do with those that begin with a dot, or writes differently. */
  async function ask(path: RelPath, listing: Listing): Promise<void> {
    const reply = await pool.use(ctx, (connection) => connection.send(`SIZE ${at(path)}`));
    const size = /^213 (\d+)/.exec(reply.message)?.[1];
    if (size !== undefined) files.set(path, { name: nameOf(path), isDirectory: false, size: Number(size) });
    else if (!saysMissing(reply, at(path)) && !shows(listing, nameOf(path))) {
      throw unclear("look for", at(path), reply.message);
    }
  }

  const byDir = Map.groupBy(paths, parentOf);
  await forEachAtOnce(byDir, pool.limit, async ([dir, inside]) => {
    const listing = await look(dir);
    if (listing === undefined) return;
    const byName = new Map(listing.entries.map((entry) => [entry.name, entry]));
    const loosely = new Set(listing.entries.map(({ name }) => fold(name)));
    for (const path of inside) {
      const name = nameOf(path);
      const entry = byName.get(name);
      if (entry === undefined && (loosely.has(fold(name)) || !shows(listing, name))) await ask(path, listing);
      else if (entry && !entry.isDirectory) files.set(path, entry);
    }
  });
  return { files, dirs };
}

/** Whether there may be a directory of this name: links look like files, and are followed. */
function mayHold(listing: Listing, name: string): boolean {
  return !shows(listing, name) || listing.entries.some((entry) => fold(entry.name) === fold(name));
}

/** A name that is not in the listing is not in the directory. */
function shows({ showsFiles, showsDotFiles }: Listing, name: string): boolean {
  return name.startsWith(".") ? showsDotFiles : showsFiles;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The same for names that some file systems take for one. */
function fold(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
