import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ctx } from "../../core/context.ts";
import { parseRelPath } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { isTempName, OWN_FOLDER } from "../files/own-names.ts";
import type { RemoteMeta } from "../target.ts";
import { onDiskUnless } from "./disk-error.ts";
import type { Inside } from "./inside.ts";

/**
 * Every file below a directory of the root, "" for all. Links to files inside the root count as files; linked
 * directories are not entered, so nothing is listed twice or from outside.
 */
export async function* listFiles(inside: Inside, prefix: string, ctx: Ctx): AsyncGenerator<RemoteMeta> {
  throwIfAborted(ctx.signal);
  const realDir = await inside.find(prefix);
  if (realDir === undefined) return;
  const entries = await onDiskUnless(["ENOENT", "ENOTDIR"], "list", realDir, () =>
    readdir(realDir, { withFileTypes: true }),
  );
  const below = (entries ?? []).filter(({ name }) => !isTempName(name) && !(prefix === "" && name === OWN_FOLDER));
  const files = await Promise.all(below.map((entry) => describe(inside, realDir, prefix, entry)));
  yield* files.filter((file) => file !== undefined);
  for (const entry of below) if (entry.isDirectory()) yield* listFiles(inside, pathOf(prefix, entry.name), ctx);
}

async function describe(
  inside: Inside,
  realDir: string,
  prefix: string,
  entry: Dirent,
): Promise<RemoteMeta | undefined> {
  const path = parseRelPath(pathOf(prefix, entry.name));
  if (path === undefined || !(entry.isFile() || entry.isSymbolicLink())) return undefined;
  const at = entry.isFile() ? join(realDir, entry.name) : await findLinked(inside, path);
  const found = at === undefined ? at : await onDiskUnless(["ENOENT"], "look at", at, () => stat(at));
  return found?.isFile() ? { path, size: found.size, mtimeMs: found.mtimeMs } : undefined;
}

/** Where a link to something inside the root leads; undefined when it leads out, in a circle or nowhere. */
async function findLinked(inside: Inside, path: string): Promise<string | undefined> {
  try {
    return await inside.find(path);
  } catch (error) {
    if (error instanceof SmartsyncError && error.code === "symlink-in-target") return undefined;
    throw error;
  }
}

function pathOf(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}/${name}`;
}
