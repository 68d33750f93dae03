import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A snippet as the documentation has it, so that what people copy is what the tests run: the nth of a language in
 * docs/<page>, counted from 0.
 */
export function docSnippet(page: string, language: string, at = 0): string {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  const snippets = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language);
  const snippet = snippets[at]?.[2];
  if (snippet === undefined) throw new Error(`docs/${page} has no ${language} snippet ${at}`);
  return snippet;
}

/** The snippet with another text in a place that it must have. */
export function adapt(snippet: string, from: string | RegExp, to: string): string {
  const adapted = snippet.replace(from, () => to);
  if (adapted === snippet) throw new Error(`the snippet has nothing like ${from}`);
  return adapted;
}
