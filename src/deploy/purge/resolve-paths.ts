import { compilePatterns } from "../../core/patterns.ts";
import { parseRelPath, type RelPath } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";

/**
 * The site's paths that a person means by these texts: whole addresses below one of the site's, folders ("/news/"),
 * patterns, and paths. A path that is no file of the site is meant as it is: a CDN may have kept it all the same.
 * Throws "purge-path-unknown" (kind config).
 */
export function resolvePaths(
  texts: readonly string[],
  files: Iterable<RelPath>,
  baseUrls: readonly string[],
): Set<RelPath> {
  const known = new Set(files);
  const meant = texts.flatMap((text) => {
    const path = /^https?:\/\//i.test(text) ? fromAddress(text, baseUrls) : text.replace(/^\/+/, "");
    return known.has(path as RelPath) ? [path] : pathsOf(path, text, known);
  });
  return new Set(meant.map((path) => checked(path)));
}

function pathsOf(path: string, text: string, files: ReadonlySet<RelPath>): string[] {
  const isPattern = /[*?[\]{}]/.test(path);
  if (!isPattern && path !== "" && !path.endsWith("/")) return [path];
  const matches = compilePatterns([`/${path}`]);
  const found: string[] = [...files].filter((each) => matches(each));
  if (found.length > 0) return found;
  if (isPattern)
    throw unknown(text, "it matches no file of the site", "patterns are quoted, so that the shell leaves them");
  // The folder is empty or gone; its own page may still be kept.
  return [`${path}index.html`];
}

/** An address as a path of the site: what ends in a slash is the page there, and not all that is below. */
function fromAddress(text: string, baseUrls: readonly string[]): string {
  const url = URL.parse(text);
  if (url === null) throw unknown(text, "it is no address", "an address looks like https://www.example.jp/news/");
  if (url.search !== "") {
    throw unknown(text, "what follows a question mark can't be named alone", "leave it out: the page is purged");
  }
  const base = baseUrls.find((each) => url.href.startsWith(each));
  if (base === undefined)
    throw unknown(text, "it is not below an address of the site", `these are: ${baseUrls.join(", ")}`);
  const below = decodeURIComponent(url.pathname.slice(new URL(base).pathname.length));
  return below === "" || below.endsWith("/") ? `${below}index.html` : below;
}

function checked(path: string): RelPath {
  const known = parseRelPath(path);
  if (known !== undefined) return known;
  throw unknown(
    path,
    "it is no path below the site's root",
    "write it as it is below the site's address: /news/index.html",
  );
}

function unknown(text: string, why: string, hint: string): SmartsyncError {
  return new SmartsyncError(`can't purge ${text}: ${why}`, { kind: "config", code: "purge-path-unknown", hint });
}
