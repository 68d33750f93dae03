import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { KeyPath, LocatedProblem, Position } from "./problem.ts";

/** A YAML text as data, with the way back from a key to its place in the text. */
export interface ParsedYaml {
  /** Plain data; meaningless when there are problems that are not about a key. */
  readonly value: unknown;
  readonly problems: readonly LocatedProblem[];
  /** Where the key at this path is written; for a key that isn't there, the nearest one above it. */
  locate(path: KeyPath): Position;
}

/** Reads YAML 1.2 (core schema, with `<<` merge keys). Never throws: what is wrong with the text is in `problems`. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const options = { version: "1.2", merge: true, lineCounter: lines, prettyErrors: false, logLevel: "error" } as const;
  const doc = parseDocument(text, options);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [
    ...doc.errors.map((error) => ({ ...explainError(error, doc), position: at(error.pos[0]) })),
    ...doc.warnings.map((warning) => ({ path: [], text: UNKNOWN_TAG, position: at(warning.pos[0]) })),
    ...badAliases(doc).map(({ node, text }) => ({ path: [], text, position: at(node.range?.[0] ?? 0) })),
  ];
  const locate = (path: KeyPath) => at(offsetOf(doc, path));
  const broken = problems.some(({ path }) => path.length === 0);
  if (broken) return { value: undefined, problems: firstPerLine(problems), locate };
  try {
    return { value: doc.toJS({ maxAliasCount: MAX_ALIASES }), problems, locate };
  } catch {
    // What is left after the checks above: aliases of aliases that unfold into a huge document, and bad merges.
    const text = "the anchors, aliases and merge keys of this file can't be unfolded";
    return { value: undefined, problems: [{ path: [], text, position: at(0) }], locate };
  }
}

const MAX_ALIASES = 100;
const UNKNOWN_TAG = 'unknown tag; a text that begins with "!" needs quotes around it';

/** Messages never show the text itself where the library's would: it may be a password. */
const EXPLANATIONS: Partial<Record<YAMLError["code"], string>> = {
  TAB_AS_INDENT: "tabs can't be used to indent; use spaces",
  UNEXPECTED_TOKEN:
    'this can\'t stand here; look for wrong indentation and for texts that need quotes, as "${...}" does inside { }',
  MULTIPLE_DOCS: 'a configuration is one document; take out the "---" lines',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; a text that holds one needs quotes around it',
  TAG_RESOLVE_FAILED: UNKNOWN_TAG,
};

function explainError(error: YAMLError, doc: Document): { path: KeyPath; text: string } {
  if (error.code === "DUPLICATE_KEY") return { path: pathOfKeyAt(doc, error.pos[0]), text: "this key is given twice" };
  return { path: [], text: EXPLANATIONS[error.code] ?? lowerFirst(error.message) };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** One slip in YAML makes the parser stumble several times over the same line; the first is the one that helps. */
function firstPerLine(problems: readonly LocatedProblem[]): LocatedProblem[] {
  return [...Map.groupBy(problems, ({ position }) => position.line).values()].flatMap((same) => same.slice(0, 1));
}

function pathOfKeyAt(doc: Document, offset: number): string[] {
  let found: string[] = [];
  visit(doc, {
    Pair(_, pair, ancestors) {
      if (!isNode(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      found = [...ancestors.filter((each) => isPair(each)), pair].map((each) => keyOf(each));
      return visit.BREAK;
    },
  });
  return found;
}

function keyOf(pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.value : pair.key;
  return typeof key === "symbol" ? (key.description ?? "") : String(key);
}

/** Aliases of anchors that don't exist, or that hold the alias itself: neither can become data. */
function badAliases(doc: Document): { node: Alias; text: string }[] {
  const bad: { node: Alias; text: string }[] = [];
  visit(doc, {
    Alias(_, node, ancestors) {
      const anchor = node.resolve(doc);
      if (anchor === undefined) {
        bad.push({ node, text: 'an alias without its anchor; a text that begins with "*" needs quotes around it' });
      } else if (ancestors.includes(anchor)) {
        bad.push({ node, text: "an alias inside its own anchor" });
      }
    },
  });
  return bad;
}

function offsetOf(doc: Document, path: KeyPath): number {
  let offset = doc.contents?.range?.[0] ?? 0;
  let node: unknown = doc.contents;
  for (const step of path) {
    const next = child(doc, node, step);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset;
}

/** The entry of a mapping (its own, else one that `<<` merges in) or the item of a list; `offset` of key or item. */
function child(doc: Document, node: unknown, step: PropertyKey): { node: unknown; offset?: number } | undefined {
  const holder = isAlias(node) ? node.resolve(doc) : node;
  if (isSeq(holder)) {
    const item = holder.items[Number(step)];
    return isNode(item) ? withOffset(item, item) : undefined;
  }
  if (!isMap(holder)) return undefined;
  const own = holder.items.find((pair) => keyOf(pair) === String(step));
  if (own !== undefined) return withOffset(own.value, own.key);
  const merged = holder.items.find((pair) => keyOf(pair) === "<<")?.value;
  const sources = isSeq(merged) ? merged.items : [merged];
  return sources.map((source) => child(doc, source, step)).find((found) => found !== undefined);
}

function withOffset(node: unknown, place: unknown): { node: unknown; offset?: number } {
  const offset = isNode(place) ? (place as Node).range?.[0] : undefined;
  return offset === undefined ? { node } : { node, offset };
}
