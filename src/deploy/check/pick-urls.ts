import type { CheckSettings } from "../../config/check-schema.ts";
import { encodePath } from "../../core/page-urls.ts";
import type { SiteAddresses } from "../../core/purge-plan.ts";
import { parseRelPath, type RelPath } from "../../core/rel-path.ts";
import { samplePaths } from "./sample-paths.ts";

/**
 * What an address is to give: nothing any more; something; the same as the server behind the CDN, where that is asked
 * too; or what was delivered.
 */
export type Wanted = "gone" | "there" | "as-origin" | { readonly sha256: string };

/** An address to be looked at. */
export interface Look {
  readonly url: URL;
  readonly wanted: Wanted;
}

/** What the addresses are picked from. */
export interface PickInput {
  readonly addresses: SiteAddresses;
  readonly changed: readonly RelPath[];
  /** A file of the site as it was delivered; undefined when it is gone, `sha256` null when its content is not known. */
  expected(path: RelPath): { readonly sha256: string | null } | undefined;
  readonly settings: Pick<CheckSettings, "urls" | "sample" | "compare">;
}

/** The must-haves, at every address of the site, then a sample of what has changed; the same for the same input. */
export function pickUrls(input: PickInput): Look[] {
  const { addresses, changed, settings } = input;
  // As addresses are compared: hosts in lower case, Japanese ones in Punycode.
  const bases = addresses.baseUrls.map((base) => new URL(base).href);
  const musts = settings.urls.flatMap((text) => mustHave(text, bases, input));
  const seen = bases.length === 0 ? [] : changed.filter((path) => !isHidden(path));
  const sample = samplePaths(seen, settings.sample, (path) => input.expected(path) === undefined);
  const samples = sample.map((path, at) => ({
    url: urlOf(bases[at % bases.length] ?? "", visitedPath(path)),
    wanted: wantedOf(path, input),
  }));
  const looks = new Map<string, Look>();
  for (const look of [...musts, ...samples]) if (!looks.has(look.url.href)) looks.set(look.url.href, look);
  return [...looks.values()];
}

/** Servers give `.htaccess` and its like to nobody. */
function isHidden(path: RelPath): boolean {
  return /(?:^|\/)\.(?!well-known\/)/.test(path);
}

/** An index page is asked for as visitors do: at its directory. */
function visitedPath(path: RelPath): string {
  return path.replace(/(^|\/)index\.html$/, "$1");
}

function urlOf(base: string, path: string): URL {
  return new URL(`${base}${encodePath(path)}`);
}

/** What the server makes a page of, each time anew: what was delivered is not what visitors get. */
const MADE_BY_SERVER = /\.(?:php\d?|phtml|shtml|cgi|pl|aspx?|jsp)$/i;

function wantedOf(path: RelPath, { expected, settings }: PickInput): Wanted {
  const file = expected(path);
  if (file === undefined) return "gone";
  if (settings.compare === "status" || MADE_BY_SERVER.test(path)) return "there";
  return file.sha256 === null ? "as-origin" : { sha256: file.sha256 };
}

function mustHave(text: string, bases: readonly string[], input: PickInput): Look[] {
  if (text.startsWith("/")) {
    const path = text.slice(1);
    return bases.map((base) => ({ url: urlOf(base, path), wanted: wantedAt(path, input) }));
  }
  const url = new URL(text);
  url.hash = "";
  const base = bases.find((each) => url.href.startsWith(each));
  const path = base === undefined || url.search !== "" ? undefined : decoded(url.href.slice(base.length));
  return [{ url, wanted: path === undefined ? unknown(input) : wantedAt(path, input) }];
}

/** What a path as visitors name it is to give: the file of that name, the index of that directory, or that page. */
function wantedAt(path: string, input: PickInput): Wanted {
  const names =
    path === "" || path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`];
  const files = names.flatMap((name) => parseRelPath(name) ?? []);
  const file =
    files.find((each) => input.expected(each) !== undefined) ?? files.find((each) => input.changed.includes(each));
  return file === undefined ? unknown(input) : wantedOf(file, input);
}

/** What is no file of the site, and still must be there. */
function unknown({ settings }: PickInput): Wanted {
  return settings.compare === "status" ? "there" : "as-origin";
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    // Percent-encoded in another encoding than UTF-8: no file of the site has that name.
    return undefined;
  }
}
