import { parentOf, parentsOf } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { isUnexplained, unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/**
 * The directories of a document root on a server; paths are relative to it, "" is the root itself. Whatever symbolic
 * links somebody planted below it, nothing outside is written or deleted; the root itself may be a link.
 */
export interface ServerTree {
  /** The server's path of a file or directory. */
  at(path: string): string;
  /** Throws when one of these directories is reached through a link that leads out. One round trip. */
  check(session: SftpSession, dirs: Iterable<string>, ctx: LineCtx): Promise<unknown>;
  /** The same once for each directory: what was found inside is believed to be so. */
  checkOnce(session: SftpSession, dir: string, ctx: LineCtx): Promise<void>;
  /** Throws when a directory that was found inside no longer is. One request. */
  confirm(session: SftpSession, dir: string, ctx: LineCtx): Promise<void>;
  /**
   * Makes these directories and their parents, having checked those that are there. Those that can't be made are passed over: that
   * shows when something is to go there. Gives those that were missing, parents first.
   */
  make(session: SftpSession, dirs: Iterable<string>, ctx: LineCtx): Promise<string[]>;
  /** Makes a directory, or says why it can't be made. One step after the other: for when `make` was not enough. */
  insist(session: SftpSession, dir: string, ctx: LineCtx): Promise<void>;
}

/** The tree below a document root ("" is the server's own root). */
export function createServerTree(root: string): ServerTree {
  /** The real place of each directory that was found inside, and of the root. */
  const inside = new Map<string, string>();
  const at = (path: string): string => (path === "" ? root || "/" : `${root}/${path}`);

  /** Gives those that are not there. */
  async function check(session: SftpSession, dirs: Iterable<string>, ctx: LineCtx): Promise<Set<string>> {
    const paths = [...new Set(dirs)].filter((dir) => dir !== "");
    const [realRoot, ...reals] = await Promise.all(
      ["", ...paths].map((path) => unlessMissing(session.realpath(at(path), ctx))),
    );
    if (realRoot !== undefined) inside.set("", realRoot);
    const absent = new Set<string>();
    for (const [i, path] of paths.entries()) {
      const real = reals[i];
      if (real === undefined || realRoot === undefined) {
        absent.add(path);
        continue;
      }
      if (!real.startsWith(realRoot === "/" ? "/" : `${realRoot}/`) && real !== realRoot)
        throw leadsOut(at(path), root);
      inside.set(path, real);
    }
    return absent;
  }

  /** The same, without a question for each directory of a tree that is not there at all. */
  async function checkTrees(session: SftpSession, dirs: readonly string[], ctx: LineCtx): Promise<void> {
    const topOf = (dir: string): string => dir.slice(0, dir.indexOf("/"));
    const [deep, tops] = [dirs.filter((dir) => dir.includes("/")), dirs.filter((dir) => !dir.includes("/"))];
    const absent = await check(session, tops, ctx);
    const left = deep.filter((dir) => !absent.has(topOf(dir)));
    if (left.length > 0) await check(session, left, ctx);
  }

  async function makeAll(session: SftpSession, paths: readonly string[], ctx: LineCtx): Promise<string[]> {
    const made = await Promise.all(paths.map((path) => makeOne(session, at(path), ctx)));
    return paths.filter((path, i) => {
      const parent = inside.get(parentOf(path));
      if (made[i] && path !== "" && parent !== undefined)
        inside.set(path, `${parent}/${path.slice(path.lastIndexOf("/") + 1)}`);
      return made[i];
    });
  }

  return {
    at,
    check,
    async checkOnce(session, dir, ctx) {
      if (dir !== "" && !inside.has(dir)) await check(session, [dir], ctx);
    },
    async confirm(session, dir, ctx) {
      if (dir === "") return;
      const real = await unlessMissing(session.realpath(at(dir), ctx));
      if (real !== inside.get(dir)) await check(session, [dir], ctx);
    },
    async make(session, dirs, ctx) {
      const paths = [...new Set([...dirs].flatMap((dir) => [dir, ...parentsOf(dir)]))].filter((dir) => dir !== "");
      // A parent comes before what is in it: it is shorter.
      paths.sort((a, b) => a.length - b.length);
      await checkTrees(session, paths, ctx);
      const made = await makeAll(session, ["", ...paths], ctx);
      if (made[0] !== "" && (await unlessMissing(session.lstat(at(""), ctx))) === undefined) {
        await makeDirs(session, ancestorsOf(root), ctx);
        return makeAll(session, ["", ...paths], ctx);
      }
      return made;
    },
    async insist(session, dir, ctx) {
      const paths = dir === "" ? [] : [...ancestorsOf(dir), dir];
      await insistOnDirs(session, ["", ...paths].map(at), ctx);
    },
  };
}

/** Makes these directories, outermost first, or says why the first of them can't be made. */
export async function insistOnDirs(session: SftpSession, paths: readonly string[], ctx: LineCtx): Promise<void> {
  for (const path of paths) {
    const found = await unlessMissing(session.stat(path, ctx));
    if (found === undefined) await makeOrFail(session, path, ctx);
    else if (!found.isDirectory()) throw inTheWay(path);
  }
}

async function makeOrFail(session: SftpSession, path: string, ctx: LineCtx): Promise<void> {
  try {
    await session.mkdir(path, ctx);
  } catch (error) {
    throw isUnexplained(error) ? inTheWay(path, error) : error;
  }
}

function inTheWay(path: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`could not make the directory ${path}: something is in its way`, {
    kind: "conflict",
    code: "not-a-directory",
    hint: "look for a file or a broken symbolic link of that name",
    cause,
  });
}

/** Makes one directory after the other, those that can't be made passed over. One round trip. */
export async function makeDirs(session: SftpSession, paths: Iterable<string>, ctx: LineCtx): Promise<void> {
  await Promise.all([...paths].map((path) => makeOne(session, path, ctx)));
}

/** Every directory above an absolute path, outermost first. */
export function ancestorsOf(path: string): string[] {
  return parentsOf(path).reverse();
}

/** Whether the directory was made. */
async function makeOne(session: SftpSession, path: string, ctx: LineCtx): Promise<boolean> {
  try {
    await session.mkdir(path, ctx);
    return true;
  } catch (error) {
    // It is there, or it can't be made: using it tells.
    if (error instanceof SmartsyncError && (error.kind === "config" || error.kind === "not-found")) return false;
    throw error;
  }
}

function leadsOut(path: string, root: string): SmartsyncError {
  return new SmartsyncError(`${path} is reached through a symbolic link that leads out of ${root || "/"}`, {
    kind: "conflict",
    code: "symlink-in-target",
    hint: "remove the link, exclude what is below it, or make the place it leads to a target of its own",
  });
}
