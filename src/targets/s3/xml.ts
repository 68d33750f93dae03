// The flat elements that S3 answers with, always alike: a general reader of XML takes ten times as long for a listing.

const FIRST = new Map<string, RegExp>();

/** The text of the first element of this name; undefined when there is none. */
export function readElement(xml: string, name: string): string | undefined {
  const pattern = FIRST.get(name) ?? elementOf(name, "([^<]*)", "");
  FIRST.set(name, pattern);
  const text = pattern.exec(xml)?.[1];
  return text?.includes("&") ? unescapeXml(text) : text;
}

/** What stands inside each element of this name. */
export function readElements(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(elementOf(name, "(.*?)", "gs")), ([, inside = ""]) => inside);
}

function elementOf(name: string, inside: string, flags: string): RegExp {
  return new RegExp(`<${name}(?:\\s[^>]*)?>${inside}</${name}>`, flags);
}

/** True for text that stands in XML 1.0 at all: most control characters can't, however they are written. */
export function fitsXml(text: string): boolean {
  return !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text);
}

/** Text as it stands in XML; white space too, which would be made plain spaces otherwise. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\t\n\r\x7f-\x9f\u2028]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return NAMED[name] ?? whole;
  });
}
