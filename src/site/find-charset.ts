import { isUtf8 } from "node:buffer";
import { extensionOf } from "./extension-of.ts";

/** How much of a file a browser looks at: https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding */
const HEAD_BYTES = 1024;

type FindLabel = (head: string) => string | undefined;

/** Where a text of each kind says its encoding, by extension; the encoding of any other file is not looked for. */
const STATEMENTS: ReadonlyMap<string, FindLabel> = new Map([
  ...["html", "htm", "shtml", "php"].map((extension) => [extension, inHtml] as const),
  ...["xml", "xhtml", "rss", "atom", "rdf", "svg", "xsl"].map((extension) => [extension, inXml] as const),
  ["css", inCss],
  ...["js", "mjs", "txt", "csv", "tsv", "md", "vtt", "ics", "vcf"].map((extension) => [extension, nowhere] as const),
]);

/** No statement goes without one of these words. */
const SAYS_SOMETHING = /charset|encoding/i;

/** Pages often have no extension, or one of the site's own. */
const BEGINS_AS_HTML = /^\s*<(?:!doctype\s+html|html)[\s>]/i;

/**
 * The encoding of a text, lower case, by the names browsers know ("shift_jis", whether it says Shift_JIS, x-sjis or
 * Windows-31J): as its byte order mark, `<meta>`, XML declaration or `@charset` says. "unknown" when it says none and is
 * not UTF-8; undefined when it is UTF-8, or nothing that has an encoding. `bytes` is its beginning, or the `whole` of it.
 */
export function findCharset(path: string, bytes: Buffer, whole: boolean): string | undefined {
  const find = STATEMENTS.get(extensionOf(path)) ?? (beginsAsHtml(bytes) ? inHtml : undefined);
  if (find === undefined) return undefined;
  const head = bytes.toString("latin1", 0, HEAD_BYTES);
  const said = byMark(head) ?? (SAYS_SOMETHING.test(head) ? encodingOf(find(head)) : undefined);
  if (said !== undefined) return said === "utf-8" ? undefined : said;
  return seemsUtf8(bytes, whole) ? undefined : "unknown";
}

function beginsAsHtml(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  // "<" or white space: files that are no text are told apart without a copy.
  return (first === 0x3c || first <= 0x20) && BEGINS_AS_HTML.test(bytes.toString("latin1", 0, 64));
}

function byMark(head: string): string | undefined {
  if (head.startsWith("\xef\xbb\xbf")) return "utf-8";
  if (head.startsWith("\xff\xfe")) return "utf-16le";
  return head.startsWith("\xfe\xff") ? "utf-16be" : undefined;
}

const encodings = new Map<string, string | undefined>();

/** The encoding that a label in a text stands for; a text that can be read so far is not in UTF-16, whatever it says. */
function encodingOf(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  if (!encodings.has(label)) encodings.set(label, lookUp(label));
  return encodings.get(label);
}

function lookUp(label: string): string | undefined {
  try {
    const { encoding } = new TextDecoder(label);
    if (encoding.startsWith("utf-16")) return "utf-8";
    return encoding === "x-user-defined" ? "windows-1252" : encoding;
  } catch {
    // No label that a browser knows: as good as none.
    return undefined;
  }
}

function seemsUtf8(bytes: Buffer, whole: boolean): boolean {
  let end = bytes.byteLength;
  // The last character may be cut in two.
  if (!whole) while (end > 0 && ((bytes[--end] ?? 0) & 0xc0) === 0x80);
  const text = bytes.subarray(0, end);
  // ISO-2022-JP is ASCII to the eye: it goes over to Japanese with an escape sequence.
  return isUtf8(text) && !text.includes("\x1b$");
}

function nowhere(): undefined {
  return undefined;
}

function inCss(head: string): string | undefined {
  return /^@charset "([^"]*)";/.exec(head)?.[1];
}

function inXml(head: string): string | undefined {
  return /^<\?xml[^>]*?[\s"']encoding\s*=\s*["']([^"'>]*)["']/.exec(head)?.[1];
}

/** What the head of a page is made of, as the prescan takes it apart: a comment, a tag's name, or anything else in "<…>". */
const PIECE = /<!--(?:>|->|[\s\S]*?(?:-->|$))|<(meta)(?=[\s/])|<\/?[a-z][^\s>]*|<[!/?][^>]*/gi;
const ATTRIBUTE = /[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;

function inHtml(head: string): string | undefined {
  PIECE.lastIndex = 0;
  for (let piece = PIECE.exec(head); piece !== null; piece = PIECE.exec(head)) {
    if (piece[0].startsWith("<!--") || /^<(?:\W|\/\W)/.test(piece[0])) continue;
    const [attributes, end] = readAttributes(head, PIECE.lastIndex);
    PIECE.lastIndex = end;
    const label = piece[1] === undefined ? undefined : inMeta(attributes);
    if (label !== undefined && encodingOf(label) !== undefined) return label;
  }
  return inXml(head);
}

function readAttributes(head: string, start: number): [attributes: Map<string, string>, end: number] {
  const attributes = new Map<string, string>();
  let end = start;
  for (;;) {
    ATTRIBUTE.lastIndex = end;
    const found = ATTRIBUTE.exec(head);
    if (found === null) return [attributes, end];
    const name = (found[1] ?? "").toLowerCase();
    if (!attributes.has(name)) attributes.set(name, found[2] ?? found[3] ?? found[4] ?? "");
    end = ATTRIBUTE.lastIndex;
  }
}

function inMeta(attributes: ReadonlyMap<string, string>): string | undefined {
  const charset = attributes.get("charset");
  if (charset !== undefined) return charset;
  if (attributes.get("http-equiv")?.toLowerCase() !== "content-type") return undefined;
  const [, quoted, single, bare] =
    /charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']+))/i.exec(attributes.get("content") ?? "") ?? [];
  return quoted ?? single ?? bare;
}
