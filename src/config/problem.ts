import { SmartsyncError } from "../lib/errors.ts";
import type { Redactor } from "../lib/redact.ts";

/** The way to a key: names in mappings, positions in lists. */
export type KeyPath = readonly PropertyKey[];

/** A place in the configuration file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong in the configuration. The path is empty for the file as a whole and for text that isn't YAML. */
export interface Problem {
  readonly path: KeyPath;
  readonly text: string;
}

/** A problem and where in the file it is. */
export interface LocatedProblem extends Problem {
  readonly position: Position;
}

/** A key path as people write it: `sites.corporate.targets[1]`, positions counting from 0. */
export function formatPath(path: KeyPath): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at ? "." : ""}${String(step)}`)).join("");
}

/** "smartsync.yaml:12:5 sites.corporate.source": what every message about a key begins with. */
export function formatPlace(file: string, position: Position, path: KeyPath): string {
  return `${file}:${position.line}:${position.column} ${formatPath(path)}`.trimEnd();
}

/** All problems of a configuration as one error, a line for each, in the order of the file. */
export function configInvalid(file: string, problems: readonly LocatedProblem[], redactor: Redactor): SmartsyncError {
  const ordered = problems.toSorted(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  );
  const lines = ordered.map(
    ({ path, position, text }) => formatPlace(file, position, path) + (path.length > 0 ? ": " : " ") + text,
  );
  const section = formatPath(ordered.find(({ path }) => path.length > 1)?.path.slice(0, -1) ?? []);
  return new SmartsyncError(redactor.redact([...new Set(lines)].join("\n")), {
    kind: "config",
    code: "config-invalid",
    hint: `\`smartsync schema\` describes every key${section === "" ? "" : `, here those of ${section}`}`,
  });
}
