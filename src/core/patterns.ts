import picomatch from "picomatch";

/** One pattern, taken apart. */
interface Pattern {
  /** Tested against the whole path from the site's root; otherwise against the last segment alone. */
  readonly anchored: boolean;
  /** Matches directories only, with everything below. */
  readonly directory: boolean;
  /** What picomatch is given; "" is the root itself. */
  readonly glob: string;
}

/**
 * Makes one test of many patterns (docs/patterns.md): true when any matches the path, or a directory above it. A path
 * that ends in "/" is a directory. Unicode normalisation makes no difference: a name matches whether it is written
 * NFC or NFD.
 */
export function compilePatterns(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const parsed = patterns.map(parsePattern);
  if (parsed.some((pattern) => pattern.glob === "")) return () => true;
  const ownFile = compileOwn(parsed.filter((pattern) => !pattern.directory));
  const ownDirectory = compileOwn(parsed);
  // Thousands of files share a directory; its verdict is worked out once.
  const verdicts = new Map<string, boolean>([["", false]]);
  const directoryMatches = (dir: string): boolean => {
    const known = verdicts.get(dir);
    if (known !== undefined) return known;
    const verdict = directoryMatches(dirOf(dir)) || ownDirectory(dir);
    verdicts.set(dir, verdict);
    return verdict;
  };
  return (path) => {
    const normal = path.normalize("NFC");
    if (normal.endsWith("/")) return directoryMatches(normal.slice(0, -1));
    return directoryMatches(dirOf(normal)) || ownFile(normal);
  };
}

/** Makes a test that is false only for directories that, unless they match themselves, hold nothing that does. */
export function compileReach(patterns: readonly string[]): (dir: string) => boolean {
  const reach = patterns.map(parsePattern).flatMap(({ anchored, glob }) => (anchored ? globsAbove(glob) : ["**"]));
  const onTheWay = union(reach);
  return (dir) => onTheWay?.test(dir.normalize("NFC")) ?? false;
}

function parsePattern(text: string): Pattern {
  const pattern = text.normalize("NFC");
  const glob = pattern
    .replace(/^(?:\.?\/)+/, "")
    // "a/**", "a/*" and "a/**/*" name everything below a, as "a/" does; said that way, a is not even read.
    .replace(/(?:^|\/)(?:\*\*\/)*\*\*?$/, "/");
  const directory = glob.endsWith("/");
  const body = glob.replace(/\/+$/, "");
  const anywhere = /^\*\*\/([^/]+)$/.exec(body)?.[1];
  if (anywhere !== undefined) return { anchored: false, directory, glob: anywhere };
  return { anchored: /^\.?\/|\/[^/]/.test(pattern), directory, glob: body };
}

/** Patterns against a path itself, leaving the directories above it out of account. */
function compileOwn(patterns: readonly Pattern[]): (path: string) => boolean {
  const onPath = union(patterns.filter(({ anchored }) => anchored).map(({ glob }) => glob));
  const onName = union(patterns.filter(({ anchored }) => !anchored).map(({ glob }) => glob));
  return (path) => (onPath?.test(path) ?? false) || (onName?.test(path.slice(path.lastIndexOf("/") + 1)) ?? false);
}

function union(globs: readonly string[]): RegExp | undefined {
  if (globs.length === 0) return undefined;
  const options = { dot: true, nonegate: true, strictSlashes: true, windows: false };
  // "s": a file name may hold a line break.
  return new RegExp(globs.map((glob) => picomatch.makeRe(glob, options).source).join("|"), "s");
}

/** Globs for the directories in which an anchored glob can match something; for all below where it can't be told. */
function globsAbove(glob: string): string[] {
  const segments = glob.split("/");
  // A "/" in braces or brackets is none between segments.
  const open = segments.findIndex((segment) => /^$|\*\*/.test(segment) || !isBalanced(segment));
  const known = open < 0 ? segments.slice(0, -1) : segments.slice(0, open);
  const above = known.map((_, index) => known.slice(0, index + 1).join("/"));
  return open < 0 ? above : [...above, [...known, "**"].join("/")];
}

function isBalanced(segment: string): boolean {
  const count = (character: string) => segment.split(character).length;
  return count("{") === count("}") && count("(") === count(")") && count("[") === count("]");
}

function dirOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
