/** A document, or a part of one, in the order its elements are to have; arrays repeat the element, undefined leaves it out. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [element: string]: Xml };

/** Writes one element with what is in it. */
export function toXml(document: { readonly [element: string]: Xml }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(document)}`;
}

function write(content: Xml): string {
  if (content === undefined) return "";
  if (typeof content !== "object") return escaped(String(content));
  return Object.entries(content)
    .map(([element, inside]) => repeat(element, inside))
    .join("");
}

function repeat(element: string, inside: Xml): string {
  if (Array.isArray(inside)) return inside.map((one: Xml) => repeat(element, one)).join("");
  return inside === undefined ? "" : `<${element}>${write(inside)}</${element}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** What stands in each element of this name, of a document without elements of the same name inside one another. */
export function elements(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}(?: [^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map(
    ([, inside = ""]) => inside,
  );
}

/** The text of the first element of this name. */
export function textOf(text: string, name: string): string | undefined {
  const [inside] = elements(text, name);
  return inside?.replace(
    /&(#x?[\da-f]+|\w+);/gi,
    (whole, entity: string) => ENTITIES[entity] ?? numbered(entity) ?? whole,
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function numbered(entity: string): string | undefined {
  if (!entity.startsWith("#")) return undefined;
  const code = entity[1] === "x" ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return String.fromCodePoint(code);
}
