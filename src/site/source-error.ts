import { SmartsyncError } from "../lib/errors.ts";

/** How many paths an error names at most. */
const NAMED = 20;

/** The source directory does not exist, or is none. */
export function sourceMissing(root: string, found: "nothing" | "no-directory", cause?: unknown): SmartsyncError {
  const what = found === "nothing" ? "does not exist" : "is not a directory";
  return new SmartsyncError(`the site's source ${root} ${what}`, {
    kind: "config",
    code: "source-missing",
    hint: "correct `source` in the configuration, or publish the site first; nothing was touched on any target",
    cause,
  });
}

/** Files or directories that can't be read; each entry is a path and the reason. */
export function sourceUnreadable(root: string, entries: readonly string[]): SmartsyncError {
  const more = entries.length > NAMED ? `\n  … and ${entries.length - NAMED} more` : "";
  const list = entries
    .slice(0, NAMED)
    .map((entry) => `\n  ${entry}`)
    .join("");
  return new SmartsyncError(`can't read ${entries.length} of the entries in the site's source ${root}:${list}${more}`, {
    kind: "config",
    code: "source-unreadable",
    hint: "let the user who runs smartsync read them, or leave them out with `exclude`; unreadable files are never taken for deleted ones",
  });
}

/** Something in the source was written, replaced or removed every time it was looked at. */
export function sourceChanging(root: string, paths: readonly string[]): SmartsyncError {
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : "";
  return new SmartsyncError(`the site's source ${root} keeps changing: ${paths.slice(0, NAMED).join(", ")}${more}`, {
    kind: "conflict",
    code: "source-changing",
    hint: "the site is being rebuilt; set `settle: 10` in the site's configuration to wait until it has been quiet for 10 seconds",
  });
}

/** The source was not quiet for as long as `settle` demands. */
export function sourceUnsettled(root: string, needed: number, waited: number): SmartsyncError {
  return new SmartsyncError(
    `the site's source ${root} was not quiet for ${needed} s at a time; gave up after ${Math.round(waited)} s`,
    {
      kind: "conflict",
      code: "source-unsettled",
      hint: "run again when the CMS has finished, or lower `settle`",
    },
  );
}
