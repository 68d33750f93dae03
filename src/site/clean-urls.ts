import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";

/** Where a page `about.html` is served as well: at `about`, at `about/` (which stores look up as `about/index.html`). */
export type CleanUrls = "none" | "plain" | "slash" | "both";

/** Another path for a page. */
export interface Alias {
  readonly path: RelPath;
  readonly page: FileMeta;
}

const PAGE = /(?:^|\/)(?!index\.html$)[^/]+\.html$/;

/** The further paths of all pages, whether or not they are free; none for an `index.html`, which has a clean URL. */
export function* aliasesOf(files: Iterable<FileMeta>, urls: CleanUrls): Generator<Alias, void, void> {
  if (urls === "none") return;
  for (const page of files) {
    if (!PAGE.test(page.path)) continue;
    const plain = page.path.slice(0, -".html".length);
    if (urls !== "slash") yield { path: plain as RelPath, page };
    if (urls !== "plain") yield { path: `${plain}/index.html` as RelPath, page };
  }
}

/** The further paths of pages that belong to a file with other content: visitors get that, and not the page. */
export function takenAliases(files: ReadonlyMap<RelPath, FileMeta>, urls: CleanUrls): Alias[] {
  return [...aliasesOf(files.values(), urls)].filter(({ path, page }) => {
    const there = files.get(path);
    return there !== undefined && there.sha256 !== page.sha256;
  });
}
