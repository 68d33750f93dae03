import { inPathOrder, type RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { aliasesOf, type CleanUrls } from "./clean-urls.ts";
import { compileHeaders, type HeaderRule } from "./headers.ts";
import type { ScanResult, Source } from "./source.ts";

/** How a site is served by stores that answer visitors themselves: plain data, as the configuration has it. */
export interface ServingRules {
  readonly headers: readonly HeaderRule[];
  readonly cleanUrls: CleanUrls;
}

/** A site as such a store serves it: every file with its headers, and pages under their clean URLs as well. */
export interface ServedSite {
  /** The source of what the last view held: a clean URL is opened and looked at again as the page it stands for. */
  readonly source: Source;
  /** What a scan found, as it is served. */
  view(scan: ScanResult): ScanResult;
}

/**
 * Makes the served view of a source. A clean URL is left out where the site has a file of that name, or where the
 * site's patterns leave that path alone. It has the headers of its page.
 */
export function serveSite(source: Source, { headers, cleanUrls }: ServingRules): ServedSite {
  const servingOf = compileHeaders(headers);
  let pages: ReadonlyMap<RelPath, RelPath> = new Map();
  const pageOf = (path: RelPath): RelPath => pages.get(path) ?? path;

  const view = (scan: ScanResult): ScanResult => {
    const plain = scan.snapshot.files;
    const served: FileMeta[] = [];
    for (const file of plain.values()) served.push({ ...file, serving: servingOf(file) });
    const isFree = (path: RelPath) => !plain.has(path) && !source.isExcluded(path);
    const aliases = [...aliasesOf(served, cleanUrls)].filter(({ path }) => isFree(path));
    pages = new Map(aliases.map(({ path, page }) => [path, page.path]));
    for (const { path, page } of aliases) served.push({ ...page, path });
    const files = new Map<RelPath, FileMeta>();
    for (const file of inPathOrder(served)) files.set(file.path, file);
    return { ...scan, snapshot: { files } };
  };
  return {
    view,
    source: {
      isExcluded: (path) => source.isExcluded(path),
      scan: async (ctx) => view(await source.scan(ctx)),
      async rescan(path, ctx) {
        const file = await source.rescan(pageOf(path), ctx);
        return file && { ...file, path, serving: servingOf(file) };
      },
      open: (path) => source.open(pageOf(path)),
      read: (path) => source.read(pageOf(path)),
    },
  };
}
