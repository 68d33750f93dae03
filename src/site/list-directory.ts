import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import type { ScanProblem } from "../core/scan-problem.ts";
import { isMissing, reasonOf } from "./file-error.ts";
import { followLink, type LinkRules } from "./follow-link.ts";
import { type Listing, type PendingDir, setStamp } from "./listing.ts";
import type { Selection } from "./selection.ts";
import { isSuspicious, readRawNames, type UndecodableName } from "./undecodable-names.ts";

/** What the site's settings say of things that are neither files nor directories. */
export type ProblemPolicy = Readonly<Record<ScanProblem["problem"], ScanProblem["policy"]>>;

/** What listing needs to know of the site. */
export interface ListingRules extends LinkRules {
  readonly selection: Selection;
  readonly policy: ProblemPolicy;
}

/** A directory's listing, and the directories in it that are to be listed next. */
export interface Listed {
  readonly listing: Listing;
  readonly below: readonly PendingDir[];
}

type Entry =
  | { readonly name: string; readonly stats: Stats }
  | { readonly name: string; readonly below: PendingDir }
  | { readonly problem: ScanProblem }
  | { readonly unreadable: string }
  | "gone"
  | "left-out";

/** How often a directory is listed again at once because something in it went away in the middle. */
const LISTING_ATTEMPTS = 3;

/** Lists a directory with the stamps of its files; undefined when the directory itself is gone. */
export function listDirectory(dir: PendingDir, rules: ListingRules): Listed | undefined {
  for (let attempt = 1; ; attempt++) {
    try {
      const changedMs = lstatSync(dir.real).ctimeMs;
      const entries = readEntries(dir, rules);
      // A file that was listed and is gone has perhaps been renamed to a name that was not there yet.
      if (attempt === LISTING_ATTEMPTS || !entries.includes("gone")) return pack(dir, changedMs, entries);
    } catch (error) {
      if (isMissing(error)) return undefined;
      return pack(dir, 0, [{ unreadable: `${dir.path || "the directory itself"} (${reasonOf(error)})` }]);
    }
  }
}

function readEntries(dir: PendingDir, rules: ListingRules): Entry[] {
  const dirents = readdirSync(dir.real, { withFileTypes: true });
  if (!dirents.some(({ name }) => isSuspicious(name))) return dirents.map((dirent) => inspect(dirent, dir, rules));
  const { decodable, undecodable } = readRawNames(dir.real);
  return [
    ...dirents.filter(({ name }) => decodable.delete(name)).map((dirent) => inspect(dirent, dir, rules)),
    ...undecodable.map((name) => refuseName(name, dir, rules)),
  ];
}

function inspect(dirent: Dirent, dir: PendingDir, rules: ListingRules): Entry {
  const { name } = dirent;
  const path = dir.path === "" ? name : `${dir.path}/${name}`;
  const real = `${dir.real}/${name}`;
  const leavesOut = rules.selection.leavesOut;
  try {
    if (dirent.isSymbolicLink()) return inspectLink(name, path, real, dir, rules);
    if (leavesOut(dirent.isDirectory() ? `${path}/` : path)) return "left-out";
    // Reached by way of a link: under its own path the selection leaves it out.
    if (rules.reserved.has(real)) return problem(path, "symlink-outside", "a file of smartsync's own", rules);
    if (dirent.isDirectory()) return { name: `${name}/`, below: { path, real, above: dir } };
    if (!dirent.isFile()) return problem(path, "special-file", kindOf(dirent), rules);
    const stats = lstatSync(real);
    return stats.isFile() ? { name, stats } : "gone";
  } catch (error) {
    return isMissing(error) ? "gone" : { unreadable: `${path} (${reasonOf(error)})` };
  }
}

function inspectLink(name: string, path: string, link: string, dir: PendingDir, rules: ListingRules): Entry {
  const leavesOutFile = rules.selection.leavesOut(path);
  const leavesOutDirectory = rules.selection.leavesOut(`${path}/`);
  if (leavesOutFile && leavesOutDirectory) return "left-out";
  const to = followLink(link, dir, rules);
  if (to.kind === "directory") {
    return leavesOutDirectory ? "left-out" : { name: `${name}/`, below: { path, real: to.real, above: dir } };
  }
  if (leavesOutFile) return "left-out";
  return to.kind === "file" ? { name, stats: to.stats } : problem(path, to.problem, to.detail, rules);
}

function refuseName(name: UndecodableName, dir: PendingDir, rules: ListingRules): Entry {
  const path = dir.path === "" ? name.shown : `${dir.path}/${name.shown}`;
  return rules.selection.leavesOut(path) ? "left-out" : problem(path, "undecodable-name", name.bytes, rules);
}

function problem(path: string, kind: ScanProblem["problem"], detail: string, { policy }: ListingRules): Entry {
  return { problem: { path, problem: kind, detail, policy: policy[kind] } };
}

function kindOf(dirent: Dirent): string {
  if (dirent.isFIFO()) return "a named pipe";
  if (dirent.isSocket()) return "a socket";
  return "a device";
}

function pack(dir: PendingDir, changedMs: number, entries: readonly Entry[]): Listed {
  const named = entries.filter((entry) => typeof entry === "object" && "name" in entry);
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = named.filter((entry) => "stats" in entry);
  const stamps: number[] = [];
  for (const [index, { stats }] of files.entries()) setStamp(stamps, index, stats);
  return {
    listing: {
      path: dir.path,
      changedMs,
      names: named.map((entry) => entry.name).join("\0"),
      stamps,
      problems: entries.flatMap((entry) => (typeof entry === "object" && "problem" in entry ? [entry.problem] : [])),
      unreadable: entries.flatMap((entry) =>
        typeof entry === "object" && "unreadable" in entry ? [entry.unreadable] : [],
      ),
    },
    below: named.flatMap((entry) => ("below" in entry ? [entry.below] : [])),
  };
}
