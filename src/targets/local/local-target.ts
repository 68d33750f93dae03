import { opendir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { z } from "zod";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { OWN_FOLDER } from "../files/own-names.ts";
import { defineTarget } from "../target.ts";
import { onDisk, onDiskUnless } from "./disk-error.ts";
import { localDirectory } from "./local-directory.ts";
import { probeNames } from "./probe-names.ts";

const schema = z.strictObject({
  type: z.literal("local"),
  path: z.string().min(1).describe("The document root, relative to this file. Made by the first delivery if missing."),
  statePath: z
    .string()
    .min(1)
    .optional()
    .describe("Where smartsync keeps its manifest and lock, outside path. Default: .smartsync/<name> beside path."),
  modes: z
    .union([
      z.enum(["keep", "server"]),
      z.string().regex(/^0?[0-7]{3}$/, 'must be "keep", "server" or three octal digits in quotes, such as "644"'),
    ])
    .default("keep")
    .describe(
      "Permissions of delivered files: the source's (keep), the system's default (server), or an octal number.",
    ),
  mtimes: z.boolean().default(true).describe("Give delivered files the source's modification times."),
});

/** A directory on this machine, or one that is mounted here. */
export const localTarget = defineTarget({
  type: "local",
  schema,
  describe: ({ path }) => path,
  localDir: ({ path }, baseDir) => resolve(baseDir, path),
  async open(config, { baseDir }, ctx) {
    throwIfAborted(ctx.signal);
    const root = resolve(baseDir, config.path);
    const stateDir = config.statePath === undefined ? stateBeside(root) : resolve(baseDir, config.statePath);
    if (`${stateDir}${sep}`.startsWith(`${root}${sep}`)) throw stateInside(root, stateDir);
    await checkReadable(root);
    const names = await probeNames(root, stateDir);
    const mode = config.modes === "keep" || config.modes === "server" ? config.modes : Number.parseInt(config.modes, 8);
    return localDirectory({ root, stateDir, names, mode, mtimes: config.mtimes });
  },
});

function stateBeside(root: string): string {
  return join(dirname(root), OWN_FOLDER, basename(root));
}

function stateInside(root: string, stateDir: string): SmartsyncError {
  return new SmartsyncError(`the state directory ${stateDir} lies inside the document root ${root}`, {
    kind: "config",
    code: "state-directory",
    hint: "set statePath to a directory outside it, where visitors can't read it and no delivery touches it",
  });
}

/** A missing root is an empty one; a root that can't be read must never pass for one. */
async function checkReadable(root: string): Promise<void> {
  const found = await onDiskUnless(["ENOENT"], "look at", root, () => stat(root));
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new SmartsyncError(`${root} is not a directory`, {
      kind: "config",
      code: "not-a-directory",
      hint: "set the target's path to the directory the site is delivered to",
    });
  }
  await onDisk("read", root, async () => (await opendir(root)).close());
}
