/** A secret that is fetched just before it is needed: `${env:NAME}`, `${file:path}` or `${command:line}`. */
export interface Placeholder {
  readonly source: "env" | "file" | "command";
  /** The variable's name, the file's path or the command line. */
  readonly argument: string;
  /** As it was written. */
  readonly text: string;
}

/** A text of the configuration, taken apart; `problem` says what is wrong with it, where something is. */
export interface Template {
  readonly parts: readonly (string | Placeholder)[];
  readonly problem?: string;
}

const ADVICE = 'use ${env:NAME}, ${file:path} or ${command:line}, and "$${" for a plain "${"';

/**
 * Takes a text apart into plain pieces and placeholders. `$${` stands for a plain `${`; braces inside a placeholder
 * must be balanced, so that commands can hold them.
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Placeholder)[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$${", at)) {
      plain += "${";
      at += 3;
    } else if (text.startsWith("${", at)) {
      const end = closingBrace(text, at + 2);
      if (end === undefined) return { parts, problem: `a "\${" without its "}"; ${ADVICE}` };
      const placeholder = parsePlaceholder(text.slice(at, end + 1));
      if (placeholder === undefined) return { parts, problem: `an unknown kind of placeholder; ${ADVICE}` };
      if (plain !== "") parts.push(plain);
      parts.push(placeholder);
      plain = "";
      at = end + 1;
    } else {
      plain += text[at++];
    }
  }
  if (plain !== "") parts.push(plain);
  return { parts };
}

/** True when a value is a text with a placeholder in it, well formed or not: what it will be is not known yet. */
export function hasPlaceholder(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const { parts, problem } = parseTemplate(value);
  return problem !== undefined || parts.some((part) => typeof part !== "string");
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return undefined;
}

function parsePlaceholder(text: string): Placeholder | undefined {
  const colon = text.indexOf(":");
  const source = text.slice(2, colon);
  const argument = text.slice(colon + 1, -1).trim();
  if (argument === "" || (source !== "env" && source !== "file" && source !== "command")) return undefined;
  return { source, argument, text };
}
