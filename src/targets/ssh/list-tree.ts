import type { FileEntryWithStats } from "ssh2";
import type { Ctx } from "../../core/context.ts";
import { parseRelPath } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { isTempName, OWN_FOLDER } from "../files/own-names.ts";
import type { RemoteMeta } from "../target.ts";
import type { ServerTree } from "./server-tree.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/** How many directories are listed at once, and how many parts of each are asked for at once. */
const DIRS_AT_ONCE = 32;
const PARTS_AT_ONCE = 3;

/** What ssh2 makes of bytes that are no UTF-8. */
const LOST_BYTES = "\uFFFD";

/**
 * Every file below a directory of the root, "" for all. Links to files inside the root count as files; linked
 * directories are not entered, so nothing is listed twice or from outside. Names that are no UTF-8 are left out: no
 * path of a site is one of theirs.
 */
export async function* listTree(
  session: SftpSession,
  tree: ServerTree,
  stateDir: string,
  prefix: string,
  ctx: Ctx,
): AsyncGenerator<RemoteMeta> {
  await tree.check(session, [prefix], ctx);
  const waiting = [prefix];
  const busy = new Map<string, Promise<{ dir: string; entries: FileEntryWithStats[] }>>();
  try {
    while (waiting.length > 0 || busy.size > 0) {
      for (const dir of waiting.splice(0, DIRS_AT_ONCE - busy.size)) busy.set(dir, visit(dir));
      const { dir, entries } = await Promise.race(busy.values());
      busy.delete(dir);
      const found = await Promise.all(entries.map((entry) => describe(dir, entry)));
      for (const item of found) {
        if (typeof item === "string") waiting.push(item);
        else if (item) yield item;
      }
    }
  } finally {
    await Promise.allSettled(busy.values());
  }

  async function visit(dir: string) {
    return { dir, entries: await listDirectory(session, tree.at(dir), ctx) };
  }

  /** A file, the path of a directory to look into, or nothing. */
  async function describe(
    dir: string,
    { filename, attrs }: FileEntryWithStats,
  ): Promise<RemoteMeta | string | undefined> {
    const path = parseRelPath(dir === "" ? filename : `${dir}/${filename}`);
    if (path === undefined || isTempName(filename) || path === OWN_FOLDER || tree.at(path) === stateDir)
      return undefined;
    if (attrs.isDirectory()) return path;
    const found = attrs.isSymbolicLink() ? await follow(path) : attrs;
    return found?.isFile() ? { path, size: found.size, mtimeMs: found.mtime * 1000 } : undefined;
  }

  async function follow(path: string) {
    const [inside, found] = await Promise.allSettled([
      tree.check(session, [path], ctx),
      unlessMissing(session.stat(tree.at(path), ctx)),
    ]);
    if (inside.status === "rejected") {
      if (inside.reason instanceof SmartsyncError && inside.reason.code === "symlink-in-target") return undefined;
      throw inside.reason;
    }
    if (found.status === "rejected") throw found.reason;
    return found.value;
  }
}

/** Everything in a directory; nothing when there is none. */
export async function listDirectory(session: SftpSession, path: string, ctx: LineCtx): Promise<FileEntryWithStats[]> {
  const handle = await unlessMissing(session.opendir(path, ctx));
  if (handle === undefined) return [];
  const entries: FileEntryWithStats[] = [];
  try {
    for (let more = true; more; ) {
      const parts = await Promise.all(Array.from({ length: PARTS_AT_ONCE }, () => session.readdir(handle, ctx)));
      for (const part of parts) {
        if (part === undefined) more = false;
        else entries.push(...part);
      }
    }
  } finally {
    session.close(handle, ctx).catch(() => undefined);
  }
  const kept = await Promise.all(
    entries.map((entry) => (isReadable(entry) ? entry : isReally(session, path, entry, ctx))),
  );
  return [...new Map(kept.filter((entry) => entry !== undefined).map((entry) => [entry.filename, entry])).values()];
}

function isReadable({ filename }: FileEntryWithStats): boolean {
  return !filename.includes(LOST_BYTES);
}

/** A name can hold that character itself: then the server knows it by it. */
async function isReally(
  session: SftpSession,
  dir: string,
  entry: FileEntryWithStats,
  ctx: LineCtx,
): Promise<FileEntryWithStats | undefined> {
  const attrs = await unlessMissing(session.lstat(`${dir === "/" ? "" : dir}/${entry.filename}`, ctx));
  return attrs && { ...entry, attrs };
}
