import type { PurgeScope } from "./purge-note.ts";
import type { SiteAddresses } from "./purge-plan.ts";
import type { PurgeItem } from "./purge-rules.ts";
import type { RelPath } from "./rel-path.ts";

/**
 * Which part of a scope is still to be dropped when these items of its purge were not accepted. Rather too much than
 * too little: everything that an item may have stood for, and all of the scope for an item that can't be told.
 */
export function pathsLeft(
  scope: PurgeScope,
  items: readonly PurgeItem[],
  { baseUrls }: Pick<SiteAddresses, "baseUrls">,
): PurgeScope {
  if (items.length === 0) return new Set();
  if (scope === "everything") return scope;
  const pages = new Map<string, RelPath[]>();
  for (const path of scope) {
    for (const base of baseUrls) {
      const page = pageOf(`${decode(new URL(base).pathname)}${path}`);
      pages.set(page, [...(pages.get(page) ?? []), path]);
    }
  }
  const left = new Set<RelPath>();
  for (const item of items) {
    const found = item.kind === "exact" || item.kind === "directory" ? pathsOf(item, pages) : [];
    if (found.length === 0) return scope;
    for (const path of found) left.add(path);
  }
  return left;
}

function pathsOf({ kind, path }: PurgeItem & { path: string }, pages: ReadonlyMap<string, readonly RelPath[]>) {
  const page = pageOf(decode(path));
  if (kind === "exact") return pages.get(page) ?? [];
  return [...pages].flatMap(([each, paths]) => (each === page || each.startsWith(`${page}/`) ? paths : []));
}

/** The same text for every address that a page may have: with its index file or without, with its ending, a slash or none. */
function pageOf(path: string): string {
  return path
    .toLowerCase()
    .replace(/(^|\/)(?:index|default)\.[^/]*$/, "$1")
    .replace(/\.[sx]?html?$/, "")
    .replace(/\/$/, "");
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // No address of ours: it then stands for no page, and so for all of them.
    return path;
  }
}
