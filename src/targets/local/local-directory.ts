import { readFile, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import { type NameRules, nameFault } from "../../core/names.ts";
import { parentOf } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { tempPath } from "../files/own-names.ts";
import type { Target } from "../target.ts";
import { createDirectoryState } from "./directory-state.ts";
import { onDiskUnless } from "./disk-error.ts";
import { keepInside } from "./inside.ts";
import { listFiles } from "./list-files.ts";
import { type Attributes, putFile } from "./put-file.ts";
import { createStage } from "./stage.ts";
import { openStageFolder } from "./stage-folder.ts";
import { createUnsynced } from "./unsynced.ts";

/** More than this in flight makes a disk no faster. */
const AT_ONCE = 16;

/** A directory that sites are delivered to; paths are absolute. */
export interface DirectoryOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly names: NameRules;
  /** Permissions of delivered files: the source's, the system's default, or these bits. */
  readonly mode: "keep" | "server" | number;
  /** Whether delivered files get the source's modification times. */
  readonly mtimes: boolean;
}

/** A target on this machine's disk. Opening it makes nothing; the first put makes the root, the first state its directory. */
export function localDirectory({ root, stateDir, names, mode, mtimes }: DirectoryOptions): Target {
  const inside = keepInside(root);
  const unsynced = createUnsynced();

  function attributesOf(file: FileMeta): Attributes {
    const bits = mode === "keep" ? file.mode : mode;
    return { ...(bits !== "server" && { mode: bits }), ...(mtimes && { mtimeMs: file.mtimeMs }) };
  }

  async function receive(file: FileMeta, place: string, temp: string, body: () => Readable, { signal }: Ctx) {
    await putFile(place, temp, body, attributesOf(file), signal);
    unsynced.add(place);
  }

  function makeDir(dir: string): Promise<string> {
    return inside.ensure(dir, (made) => unsynced.add(dirname(made)));
  }

  return {
    caps: {
      concurrency: AT_ONCE,
      names,
      atomicReplace: true,
      alwaysStages: false,
      mtimes,
      modes: mode === "keep",
      features: [names.foldsCase ? "case-insensitive" : "case-sensitive", "rename", "fsync"],
    },
    state: createDirectoryState(stateDir, () => unsynced.flush()),
    list: (prefix, ctx) => listFiles(inside, prefix, ctx),

    async get(path, { signal }) {
      throwIfAborted(signal);
      const place = await inside.find(path);
      const gone = ["ENOENT", "ENOTDIR", "EISDIR"];
      const content = place && (await onDiskUnless(gone, "read", place, () => readFile(place)));
      if (content) return content;
      throw new SmartsyncError(`there is no file ${join(root, path)}`, { kind: "not-found", code: "not-found" });
    },

    async put(file, body, ctx) {
      throwIfAborted(ctx.signal);
      checkName(file.path, names);
      const dir = await makeDir(parentOf(file.path));
      await receive(file, join(dir, basename(file.path)), join(dir, basename(tempPath(file.path))), body, ctx);
      unsynced.add(dir);
      return {};
    },

    async makeDirs(dirs, { signal }) {
      for (const dir of dirs) {
        throwIfAborted(signal);
        await makeDir(dir);
      }
    },

    remove: (paths, { signal }, done) =>
      forEachAtOnce(paths, AT_ONCE, async (path) => {
        throwIfAborted(signal);
        const place = await inside.locate(path);
        // A directory of that name is not the file that was to go.
        const gone = ["ENOENT", "ENOTDIR", "EISDIR"];
        if (place) {
          await onDiskUnless(gone, "delete", place, () => unlink(place));
          unsynced.add(dirname(place));
        }
        done?.(path);
      }),

    async removeDirs(dirs, { signal }) {
      for (const dir of dirs) {
        throwIfAborted(signal);
        const place = await inside.locate(dir);
        const stays = ["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"];
        if (place) await onDiskUnless(stays, "delete", place, () => rmdir(place));
      }
    },

    sweep: (paths, { signal }) =>
      forEachAtOnce(paths, AT_ONCE, async (path) => {
        throwIfAborted(signal);
        const temp = await inside.locate(tempPath(path));
        if (temp) await onDiskUnless(["ENOENT", "ENOTDIR"], "delete", temp, () => unlink(temp));
      }),

    async stage(_run, { signal }) {
      throwIfAborted(signal);
      const folder = await openStageFolder(root, stateDir, inside);
      const send = async (file: FileMeta, place: string, body: () => Readable, ctx: Ctx): Promise<void> => {
        throwIfAborted(ctx.signal);
        checkName(file.path, names);
        await receive(file, place, `${place}.tmp`, body, ctx);
      };
      return createStage({ folder, inside, unsynced, send });
    },

    async [Symbol.asyncDispose]() {
      // Nothing is held open between calls.
    },
  };
}

function checkName(path: string, names: NameRules): void {
  const fault = nameFault(path, names);
  if (fault === undefined) return;
  throw new SmartsyncError(`can't deliver ${path}: the name ${fault}`, {
    kind: "config",
    code: "bad-name",
    hint: "rename the file in the CMS, or exclude it",
  });
}
