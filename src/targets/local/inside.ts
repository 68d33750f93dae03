import { mkdir, realpath } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { parentOf } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { diskError, errnoOf, onDisk, onDiskUnless } from "./disk-error.ts";

/** Directories of a document root by their real place on the disk; paths are relative to the root, "" is the root. */
export interface Inside {
  /** The real place of a file or directory; undefined when it is not there. Throws when a link leads out of the root. */
  find(path: string): Promise<string | undefined>;
  /** Where something is or would be, a link itself and not what it leads to; undefined without a directory above it. */
  locate(path: string): Promise<string | undefined>;
  /** The real place of a directory, which is made if it is missing. `made` is told of each that was. */
  ensure(dir: string, made?: (realPath: string) => void): Promise<string>;
}

/**
 * Keeps to a document root: whatever symbolic links somebody planted below it, nothing outside is read or written.
 * The root itself may be a link.
 */
export function keepInside(root: string): Inside {
  let realRoot: string | undefined;

  async function find(path: string): Promise<string | undefined> {
    realRoot ??= await realOf(root);
    const real = path === "" ? realRoot : await realOf(join(root, path));
    if (realRoot === undefined || real === undefined) return undefined;
    if (real === realRoot || real.startsWith(realRoot === sep ? sep : realRoot + sep)) return real;
    throw new SmartsyncError(`${join(root, path)} is reached through a symbolic link that leads out of ${root}`, {
      kind: "conflict",
      code: "symlink-in-target",
      hint: "remove the link, exclude what is below it, or make the place it leads to a target of its own",
    });
  }

  async function locate(path: string): Promise<string | undefined> {
    const dir = await find(parentOf(path));
    return dir && join(dir, basename(path));
  }

  async function ensure(dir: string, made?: (realPath: string) => void): Promise<string> {
    const found = await find(dir);
    if (found !== undefined) return found;
    if (dir === "") {
      await onDisk("make the directory", root, () => mkdir(root, { recursive: true }));
    } else {
      const parent = await ensure(parentOf(dir), made);
      await makeDir(join(parent, basename(dir)));
    }
    const real = await find(dir);
    if (real !== undefined) {
      made?.(real);
      return real;
    }
    throw new SmartsyncError(`could not make the directory ${join(root, dir)}: something is in its way`, {
      kind: "conflict",
      code: "not-a-directory",
      hint: "look for a file or a broken symbolic link of that name",
    });
  }

  return { find, locate, ensure };
}

function realOf(path: string): Promise<string | undefined> {
  return onDiskUnless(["ENOENT", "ENOTDIR"], "look at", path, () => realpath(path));
}

async function makeDir(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody made it at the same moment, or something else is there: looking again tells which.
    if (errnoOf(error) !== "EEXIST") throw diskError("make the directory", path, error);
  }
}
