import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { describeFile } from "./draft-directory.ts";
import { codeOf, isMissing, reasonOf } from "./file-error.ts";
import { isWithin } from "./follow-link.ts";
import { hashFiles } from "./hash-files.ts";
import { readDelivered, readSmall } from "./read-delivered.ts";
import { scanSite } from "./scan-site.ts";
import { chooseRewriter, createScanTasks, type RewriteSettings, type ScanSetup } from "./scan-tasks.ts";
import { openScanThreads } from "./scan-threads.ts";
import { createSelection } from "./selection.ts";
import type { HashCache, Source } from "./source.ts";
import { sourceChanging, sourceMissing, sourceUnreadable } from "./source-error.ts";

/** The source side of a site, as the configuration has it (src/config/schema.ts says what each setting means). */
export interface SourceOptions {
  /** Absolute. */
  readonly root: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly htaccess: boolean;
  readonly symlinks: { readonly outside: "refuse" | "skip"; readonly broken: "refuse" | "skip" };
  readonly specialFiles: "refuse" | "skip";
  readonly settleSeconds: number;
  readonly rewrite: RewriteSettings | null;
  /** Absolute paths that are never delivered: the configuration file, the local state. */
  readonly reserved: readonly string[];
  readonly cache: HashCache;
  /** Changes whenever delivered bytes may differ though the files on disk are the same. */
  readonly cacheKey: string;
}

/**
 * Opens the source side of a site. Nothing is read yet, and the source need not exist yet. A root that is a link is
 * followed here, once: should it be switched to another release meanwhile, the delivery is still of one and the same.
 */
export function openSource(options: SourceOptions): Source {
  const setup = describeSetup(options);
  const selection = createSelection(setup.selection);
  const tasks = createScanTasks(setup);
  const rewriterFor = chooseRewriter(options.rewrite);
  return {
    isExcluded: (path) => selection.leavesOut(path),
    async scan(ctx) {
      requireDirectory(options.root, setup);
      return await scanSite({ ...options, setup, tasks }, ctx);
    },
    async rescan(path, ctx) {
      const size = selection.leavesOut(path) ? undefined : deliverableSize(path, options.root, setup);
      if (size === undefined) return undefined;
      await using threads = openScanThreads(setup, ctx.signal);
      let file: FileMeta | undefined;
      await hashFiles([{ path, size }], { tasks, threads }, ctx, (_, outcome) => {
        if (outcome.status === "unreadable") throw sourceUnreadable(options.root, [`${path} (${outcome.reason})`]);
        if (outcome.status === "changing") throw sourceChanging(options.root, [path]);
        if (outcome.status === "hashed") file = describeFile(path, outcome.stamp, outcome);
      });
      return file;
    },
    open: (path) => readDelivered(join(setup.realRoot, path), rewriterFor(path)),
    read: (path) => readSmall(join(setup.realRoot, path), rewriterFor(path)),
  };
}

function describeSetup({
  root,
  include,
  exclude,
  htaccess,
  symlinks,
  specialFiles,
  rewrite,
  reserved,
}: SourceOptions): ScanSetup {
  const realRoot = realPathOf(root);
  const own = reserved.map(realPathOf);
  const ownInside = own.filter((path) => isWithin(path, realRoot)).map((path) => relative(realRoot, path));
  return {
    realRoot,
    selection: { include, exclude, htaccess, reserved: ownInside },
    reserved: own,
    policy: {
      "symlink-outside": symlinks.outside,
      "symlink-broken": symlinks.broken,
      "symlink-loop": symlinks.broken,
      "special-file": specialFiles,
      // No target could be asked for such a name, and leaving it out in silence would look like a deletion.
      "undecodable-name": "refuse",
    },
    rewrite,
  };
}

function requireDirectory(root: string, { realRoot }: ScanSetup): void {
  try {
    if (!statSync(realRoot).isDirectory()) throw sourceMissing(root, "no-directory");
  } catch (error) {
    if (isMissing(error)) throw sourceMissing(root, "nothing", error);
    if (error instanceof SmartsyncError) throw error;
    throw sourceUnreadable(root, [`${root} (${reasonOf(error)})`]);
  }
}

/** The size on disk of a file that may be delivered; undefined when there is none at this path, or none of the site's. */
function deliverableSize(path: RelPath, root: string, { realRoot, reserved }: ScanSetup): number | undefined {
  try {
    const real = realpathSync.native(join(realRoot, path));
    if (!isWithin(real, realRoot) || reserved.some((own) => isWithin(real, own))) return undefined;
    const stats = statSync(real);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (isMissing(error) || codeOf(error) === "ELOOP") return undefined;
    throw sourceUnreadable(root, [`${path} (${reasonOf(error)})`]);
  }
}

/** The path after every link; as much of it as exists. */
function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    // What can't be resolved now fails where it is used, with a message of its own.
    if (codeOf(error) === undefined || dirname(path) === path) return path;
    return join(realPathOf(dirname(path)), basename(path));
  }
}
