import { readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import type { ScanProblem } from "../core/scan-problem.ts";
import { codeOf, isMissing } from "./file-error.ts";
import type { PendingDir } from "./listing.ts";

/** Where a link leads: to a file or directory of the site, or nowhere that can be delivered. */
export type Followed =
  | { readonly kind: "file"; readonly stats: Stats }
  | { readonly kind: "directory"; readonly real: string }
  | { readonly kind: "problem"; readonly problem: ScanProblem["problem"]; readonly detail: string };

/** What following a link needs to know of the site. */
export interface LinkRules {
  /** The root after every link. */
  readonly realRoot: string;
  /** Real paths that are smartsync's own; to a link they lie outside the site. */
  readonly reserved: ReadonlySet<string>;
}

/**
 * Follows a symbolic link found in a directory. A link to a directory that holds, itself or by way of links already
 * followed, the link is a loop. Throws the operating system's error when the way there can't be read.
 */
export function followLink(link: string, dir: PendingDir, rules: LinkRules): Followed {
  const detail = readlinkSync(link);
  try {
    const real = realpathSync.native(link);
    if (real.includes("\uFFFD")) return { kind: "problem", problem: "undecodable-name", detail };
    if (!isWithin(real, rules.realRoot)) return { kind: "problem", problem: "symlink-outside", detail };
    if ([...rules.reserved].some((own) => isWithin(real, own))) {
      return { kind: "problem", problem: "symlink-outside", detail };
    }
    const stats = statSync(real);
    if (stats.isFile()) return { kind: "file", stats };
    if (!stats.isDirectory()) return { kind: "problem", problem: "special-file", detail };
    return holds(real, dir) ? { kind: "problem", problem: "symlink-loop", detail } : { kind: "directory", real };
  } catch (error) {
    if (isMissing(error)) return { kind: "problem", problem: "symlink-broken", detail };
    if (codeOf(error) === "ELOOP") return { kind: "problem", problem: "symlink-loop", detail };
    throw error;
  }
}

/** True when the path is the folder or lies in it; both as they are after every link. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function holds(real: string, dir: PendingDir): boolean {
  for (let at: PendingDir | null = dir; at !== null; at = at.above) if (isWithin(at.real, real)) return true;
  return false;
}
