import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { StateStore } from "../target.ts";
import { diskError, onDisk, onDiskUnless } from "./disk-error.ts";
import { PROBE_NAME } from "./probe-names.ts";

const LOCK = ".lock";
/** Should the directory ever lie below a web server's document root, Apache keeps it to itself. */
const DENY = { name: ".htaccess", content: "Require all denied\n" };

/**
 * State as files of one directory, which is made by the first write. Names that begin with a dot are the store's own.
 * Before a write replaces anything, `flush` must have made durable what the new state speaks of.
 */
export function createDirectoryState(dir: string, flush: () => Promise<void>): StateStore {
  // One writer at a time within this process, so that one temporary name per state is enough.
  const queue = pLimit(1);

  async function replace(name: string, content: Uint8Array): Promise<void> {
    await makeStateDir(dir);
    const path = join(dir, name);
    const temp = join(dir, `.${name}.tmp`);
    await onDisk("write", path, async () => {
      await writeDurably(temp, content);
      await rename(temp, path);
      await syncDir(dir);
    });
  }

  return {
    place: dir,
    async read(name, ctx) {
      throwIfAborted(ctx.signal);
      return readIfThere(join(dir, name));
    },
    write: (name, content, ctx, mayReplace) =>
      queue(async () => {
        throwIfAborted(ctx.signal);
        await mayReplace?.();
        await flush();
        await replace(name, content);
      }),
    async remove(names, ctx) {
      throwIfAborted(ctx.signal);
      for (const name of names) await removeIfThere(join(dir, name));
    },
    async list(ctx) {
      throwIfAborted(ctx.signal);
      const names = await onDiskUnless(["ENOENT"], "list", dir, () => readdir(dir));
      return (names ?? []).filter((name) => !name.startsWith("."));
    },
    async takeLock(owner, ctx) {
      throwIfAborted(ctx.signal);
      await makeStateDir(dir);
      const path = join(dir, LOCK);
      const taken = await onDiskUnless(["EEXIST"], "lock", path, async () => {
        await createDurably(path, owner);
        return true;
      });
      return taken ?? false;
    },
    async readLock(ctx) {
      throwIfAborted(ctx.signal);
      return readIfThere(join(dir, LOCK));
    },
    writeLock: (owner, ctx) =>
      queue(async () => {
        throwIfAborted(ctx.signal);
        await replace(LOCK, owner);
      }),
    async dropLock(ctx) {
      throwIfAborted(ctx.signal);
      await removeIfThere(join(dir, LOCK));
    },
  };
}

/** Makes the directory, readable to its owner's group at most, with what belongs into every one. */
export async function makeStateDir(dir: string): Promise<void> {
  try {
    // What lies above may be on the way to the site itself, which others have to reach: only the last one is closed.
    await mkdir(dirname(dir), { recursive: true });
    if ((await mkdir(dir, { recursive: true, mode: 0o770 })) === undefined) return;
    await writeDurably(join(dir, DENY.name), Buffer.from(DENY.content));
    await writeDurably(join(dir, PROBE_NAME), Buffer.from("names\n"));
    await syncDir(dirname(dir));
  } catch (error) {
    const failure = diskError("make the state directory", dir, error);
    if (!(failure instanceof SmartsyncError) || failure.code === "disk-full") throw failure;
    throw new SmartsyncError(failure.message, {
      kind: "config",
      code: "state-directory",
      hint: "set statePath to a directory that can be written, outside the document root",
      cause: error,
    });
  }
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  await using handle = await open(path, "w");
  await handle.writeFile(content);
  await handle.sync();
}

/** Throws EEXIST when the file is there already; leaves none that it could not write. */
async function createDurably(path: string, content: Uint8Array): Promise<void> {
  await using handle = await open(path, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(path);
    throw error;
  }
}

async function syncDir(dir: string): Promise<void> {
  await using handle = await open(dir, "r");
  await handle.sync();
}

function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return onDiskUnless(["ENOENT"], "read", path, () => readFile(path));
}

async function removeIfThere(path: string): Promise<void> {
  await onDisk("remove", path, () => rm(path, { force: true }));
}
