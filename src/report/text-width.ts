import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";

const require = createRequire(import.meta.url);

/** Columns a text takes on a terminal: Japanese characters take two, colours none. */
export function columnsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  // Not before it is needed: loading it takes longer than any of our own modules.
  const { default: stringWidth }: typeof import("string-width") = require("string-width");
  return stringWidth(text);
}

/** The text with spaces added, at its end or before it, until it takes so many columns. */
export function padTo(text: string, columns: number, side: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, columns - columnsOf(text)));
  return side === "left" ? text + space : space + text;
}

/** The text cut at its end to at most so many columns, with "…" where it was cut. For text without colours. */
export function shorten(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return `${take(segments(text), columns - 1).join("")}…`;
}

/** The path cut at its front, where it tells least: "…/2026/お知らせ.html". */
export function shortenPath(path: string, columns: number): string {
  if (columnsOf(path) <= columns) return path;
  return `…${take(segments(path).reverse(), columns - 1)
    .reverse()
    .join("")}`;
}

/** The text with control characters written as escapes, so that a file's name can't move the cursor or fake a line. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u{${character.charCodeAt(0).toString(16)}}`;
  });
}

/** What a program wrote, as lines that can do no harm to a terminal: without colours, every tab four spaces. */
export function printableLines(output: string): string[] {
  const plain = stripVTControlCharacters(output).trimEnd().replaceAll("\t", "    ");
  return plain === "" ? [] : plain.split(/\r?\n/).map(printable);
}

function segments(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

function take(parts: string[], columns: number): string[] {
  let used = 0;
  const end = parts.findIndex((part) => {
    used += columnsOf(part);
    return used > columns;
  });
  return end < 0 ? parts : parts.slice(0, end);
}
