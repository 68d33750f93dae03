import type { SiteAddresses } from "./purge-plan.ts";
import type { RelPath } from "./rel-path.ts";

const INDEX = /(^|\/)index\.(?:html?|xhtml|shtml|php)$/;
const PAGE = /\.html$/;
const SPELT_DIFFERENTLY = /[!$&'()*+,:;=@[\]^|]/;

/**
 * Where visitors reach a file, below the site's root and not encoded: its own path first. An index file also at its
 * directory, with the slash and without; a page, where the site has clean URLs, also without its ending, and as the
 * index of a directory of that name.
 */
export function pagePaths(path: RelPath, cleanUrls: SiteAddresses["cleanUrls"]): string[] {
  const index = INDEX.exec(path);
  if (index !== null) {
    const directory = path.slice(0, index.index + (index[1]?.length ?? 0));
    return directory === "" ? [path, ""] : [path, directory, directory.slice(0, -1)];
  }
  if (cleanUrls === "none" || !PAGE.test(path)) return [path];
  const plain = path.replace(PAGE, "");
  return cleanUrls === "plain" ? [path, plain] : [path, plain, `${plain}/`, `${plain}/index.html`];
}

/**
 * A path as it stands in an address (https://www.rfc-editor.org/rfc/rfc3986#section-3.3): everything percent-encoded
 * that need be, with capital digits. A star is encoded too, which it need not be: to most CDNs it is a wildcard.
 */
export function encodePath(path: string): string {
  if (/^[\w./~-]*$/.test(path)) return path;
  return encodeURI(path.toWellFormed()).replace(/[?#*]/g, percent);
}

/**
 * All the ways an address may have been written in a link, and so be cached, where a cache takes each for another one:
 * as browsers send it (https://url.spec.whatwg.org/#path-percent-encode-set, which leaves `[`, `]`, `|` and stars
 * alone; older ones also `^`), as a script's encodeURI writes it, with all but letters, digits and `-._~` encoded, as
 * PHP's rawurlencode does and a CMS with it, and each of them with small digits. The usual one comes first; there is no
 * other for a path of plain characters.
 */
export function spellPath(path: string): string[] {
  const ways = spellNormally(path);
  if (path.includes("~")) ways.push(encodeWhole(path).replaceAll("~", "%7E"));
  if (!ways.some((way) => way.includes("%"))) return ways;
  return [...new Set([...ways, ...ways.map(withSmallDigits)])];
}

/**
 * Those of them that are not the same to a cache that makes addresses normal: it knows that `%7E` is `~` and small
 * digits are capital ones, and still must take `+` and `%2B` for two
 * (https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2, and section 2.2 on reserved characters).
 */
export function spellNormally(path: string): string[] {
  const usual = encodePath(path);
  if (!SPELT_DIFFERENTLY.test(path)) return [usual];
  const byScript = usual.replaceAll("%2A", "*");
  const sent = byScript.replace(/%(?:5B|5D|7C)/g, decodeURIComponent);
  return [...new Set([usual, byScript, sent, sent.replaceAll("%5E", "^"), encodeWhole(path)])];
}

function encodeWhole(path: string): string {
  return encodeURIComponent(path.toWellFormed())
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, percent);
}

function withSmallDigits(path: string): string {
  return path.replace(/(?:%[\dA-F]{2})+/g, (codes) => codes.toLowerCase());
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
