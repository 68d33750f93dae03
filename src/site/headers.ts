import { compilePatterns } from "../core/patterns.ts";
import { type Compression, type Serving, type ServingHeaders, servingHash } from "../core/serving.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { isCompressible, isPage, isText, typeByName } from "./content-type.ts";
import { extensionOf } from "./extension-of.ts";
import { isHashedName } from "./hashed-name.ts";

/**
 * How the files that match are served (docs/headers.md). What a rule does not say is as the rules before it say, or as
 * it is by default; "none" takes a header away.
 */
export interface HeaderRule {
  readonly match: readonly string[];
  /** With `charset` as a parameter it says that as well. */
  readonly contentType?: string;
  readonly charset?: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  /** "attachment" alone is given the file's name where that is not ASCII. */
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  /** Added to what the rules before it give; "none" takes a name away. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly redirect?: string;
  readonly compress?: Compression | "none";
}

/** What a file's headers depend on. */
export type ServedFile = Pick<FileMeta, "path" | "size" | "charset">;

/** Below this many bytes compression gains nothing: the answer fits into one packet anyway. */
const COMPRESS_FROM_BYTES = 1024;

const IMMUTABLE = "public, max-age=31536000, immutable";
const REVALIDATED = "no-cache";

/**
 * Compiles ordered rules into a function that says how a file is served. All rules that match count; of two that say
 * the same key the later wins. Files that are served alike are given one and the same object.
 */
export function compileHeaders(rules: readonly HeaderRule[]): (file: ServedFile) => Serving {
  const compiled = rules.map((rule, number) => ({ number, ...splitType(rule), matches: compilePatterns(rule.match) }));
  const shared = new Map<string, Serving>();
  const share = (headers: ServingHeaders): Serving => {
    const hash = servingHash(headers);
    const serving = shared.get(hash) ?? { ...headers, hash };
    shared.set(hash, serving);
    return serving;
  };
  // What headers depend on is found out many times faster than the headers themselves.
  const known = new Map<string, Serving>();
  return (file) => {
    const matching = compiled.filter(({ matches }) => matches(file.path));
    const grounds = `${matching.map(({ number }) => number).join()}/${groundsOf(file, matching)}`;
    const serving = known.get(grounds) ?? share(headersOf(file, matching));
    known.set(grounds, serving);
    return serving;
  };
}

/** Equal only for files that the same rules serve alike. */
function groundsOf({ path, size, charset }: ServedFile, rules: readonly HeaderRule[]): string {
  const isNameless = isAscii(path) || rules.every(({ contentDisposition }) => contentDisposition !== "attachment");
  return `${extensionOf(path)}/${charset}/${size < COMPRESS_FROM_BYTES}/${isHashedName(path)}/${isNameless ? "" : nameOf(path)}`;
}

/** The rule with the encoding taken out of its content type. */
function splitType(rule: HeaderRule): HeaderRule {
  const [written = "", quoted, bare] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(rule.contentType ?? "") ?? [];
  if (rule.contentType === undefined || written === "") return rule;
  return { charset: quoted ?? bare ?? "", ...rule, contentType: rule.contentType.replace(written, "") };
}

function headersOf(file: ServedFile, rules: readonly HeaderRule[]): ServingHeaders {
  const said: Partial<HeaderRule> = Object.assign({}, ...rules);
  const type = said.contentType ?? typeByName(file.path);
  const charset = said.charset ?? (isText(type) ? (file.charset ?? "utf-8") : "none");
  const encoding = said.contentEncoding ?? (extensionOf(file.path) === "svgz" ? "gzip" : "none");
  const compress = encoding === "none" ? compressionOf(file, type, rules) : "none";
  return {
    contentType: charset === "none" || charset === "unknown" ? type : `${type}; charset=${charset}`,
    ...dropNone({
      cacheControl: said.cacheControl ?? cacheControlOf(file.path, type),
      contentEncoding: compress === "none" ? encoding : compress,
      contentDisposition: dispositionOf(file.path, said.contentDisposition),
      contentLanguage: said.contentLanguage,
      metadata: metadataOf(rules),
      redirect: said.redirect,
      compress,
    }),
  };
}

type Optional = Omit<ServingHeaders, "contentType">;

function dropNone(headers: { [Key in keyof Optional]: Optional[Key] | "none" | undefined }): Optional {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined && value !== "none"));
}

function cacheControlOf(path: string, type: string): string {
  if (isPage(type)) return REVALIDATED;
  return isHashedName(path) ? IMMUTABLE : "none";
}

/** A file with an encoding is compressed already; so is one of many types, and is left alone unless the rule names its extension. */
function compressionOf({ path, size }: ServedFile, type: string, rules: readonly HeaderRule[]): Compression | "none" {
  const rule = rules.findLast(({ compress }) => compress !== undefined);
  if (rule?.compress === undefined || size < COMPRESS_FROM_BYTES) return "none";
  const extension = extensionOf(path);
  const isWorth = isCompressible(type) || (extension !== "" && namesExtension(rule.match, extension));
  return isWorth ? rule.compress : "none";
}

function namesExtension(patterns: readonly string[], extension: string): boolean {
  return patterns.some((pattern) =>
    nameOf(pattern)
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .slice(1)
      .includes(extension),
  );
}

/** Browsers name what they store after the address, which says nothing of its encoding: RFC 6266, section 4.3, and RFC 8187. */
function dispositionOf(path: string, said: string | undefined): string | undefined {
  const name = nameOf(path);
  if (said !== "attachment" || isAscii(name)) return said;
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}

function metadataOf(rules: readonly HeaderRule[]): Optional["metadata"] {
  const said = Object.entries(Object.assign({}, ...rules.map(({ metadata }) => metadata)) as Record<string, string>);
  const kept = said.filter(([, value]) => value !== "none");
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
