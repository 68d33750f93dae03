import { mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OWN_FOLDER, STAGE_FOLDER, stagedName } from "../files/own-names.ts";
import { makeStateDir } from "./directory-state.ts";
import { onDisk, onDiskUnless } from "./disk-error.ts";
import type { Inside } from "./inside.ts";

/** Where a delivery lies until it is published. */
export interface StageFolder {
  /** Where the file with this path waits to be published. */
  stagedAt(path: string): string;
  /** Where what publishing replaces or deletes under this path is kept. */
  keptAt(path: string): string;
  /** The number of its file system: only within one can a file be renamed. */
  readonly device: number;
  /** Takes away the folder and all it holds. */
  remove(): Promise<void>;
}

/**
 * An empty folder to stage in: in the state directory, or in smartsync's own folder of the document root where the
 * state lies on another file system. Whatever an interrupted delivery left in either is taken away.
 */
export async function openStageFolder(root: string, stateDir: string, inside: Inside): Promise<StageFolder> {
  const own = await inside.find(OWN_FOLDER);
  for (const dir of own === undefined ? [stateDir] : [stateDir, own]) await clearAway(join(dir, STAGE_FOLDER));
  await makeStateDir(stateDir);
  const device = await deviceOf(root);
  const folder = join((await deviceOf(stateDir)) === device ? stateDir : await makeOwn(inside), STAGE_FOLDER);
  const [staged, kept] = [join(folder, "staged"), join(folder, "kept")];
  // Nobody else is to read what is not published yet, nor what no longer is.
  await onDisk("make the directory", folder, async () => {
    for (const dir of [folder, staged, kept]) await mkdir(dir, { mode: 0o700 });
  });
  return {
    stagedAt: (path) => join(staged, stagedName(path)),
    keptAt: (path) => join(kept, stagedName(path)),
    device,
    remove: () => clearAway(folder),
  };
}

async function makeOwn(inside: Inside): Promise<string> {
  const own = join(await inside.ensure(""), OWN_FOLDER);
  await makeStateDir(own);
  return own;
}

/** The file system a path is on, or would be when it is made. */
async function deviceOf(path: string): Promise<number> {
  const found = await onDiskUnless(["ENOENT", "ENOTDIR"], "look at", path, () => stat(path));
  return found?.dev ?? deviceOf(dirname(path));
}

async function clearAway(folder: string): Promise<void> {
  await onDisk("clear away", folder, () => rm(folder, { recursive: true, force: true }));
}
