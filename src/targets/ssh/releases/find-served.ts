import type { LineCtx } from "../ssh-line.ts";
import type { LinkCalls } from "./link-calls.ts";
import { isPartName, isReleaseName, newestFirst, type ReleaseLayout } from "./release-layout.ts";

/** What stands in the document root's place. */
export type DocumentRoot = "absent" | "release" | "directory" | "foreign-link" | "other";

/** How a target with releases stands now. */
export interface Standing {
  readonly root: DocumentRoot;
  /** The release that visitors see; undefined when they see none, or something that is none. */
  readonly served: string | undefined;
  /** What the document root's link says, when it is not smartsync's. */
  readonly foreign: string | undefined;
  /** Every whole release, newest first. */
  readonly names: readonly string[];
  /** What killed runs left half-built or half-removed. */
  readonly parts: readonly string[];
}

/** Looks at the document root and the releases, changing nothing. */
export async function findServed(calls: LinkCalls, layout: ReleaseLayout, ctx: LineCtx): Promise<Standing> {
  const [kind, link, dirs] = await Promise.all([
    calls.kindOf(layout.path, ctx),
    calls.readLink(layout.path, ctx),
    calls.listDirs(layout.releasesPath, ctx),
  ]);
  const names = newestFirst(dirs.filter(isReleaseName));
  const parts = dirs.filter(isPartName);
  if (kind !== "link" || link === undefined) {
    const root = kind === "link" ? "other" : kind;
    return { root, served: undefined, foreign: undefined, names, parts };
  }
  const name = layout.nameOf(link);
  if (name === undefined) return { root: "foreign-link", served: undefined, foreign: link, names, parts };
  return { root: "release", served: names.includes(name) ? name : undefined, foreign: undefined, names, parts };
}
