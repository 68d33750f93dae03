// The few elements that S3 answers a write with: a handful of flat texts, for which a parser would be too much.

/** The text of the first element of this name; undefined when there is none. */
export function readElement(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? undefined : unescapeXml(text);
}

/** What stands inside each element of this name. */
export function readElements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, "gs"))].map(([, inside = ""]) => inside);
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
