/** The guards a plan has to pass; each can be overridden once with `--allow <name>`. */
export const GUARDS = [
  "empty-source",
  "shrink-limit",
  "delete-limit",
  "protected-path",
  "collision",
  "bad-name",
  "symlink",
  "special-file",
] as const;

/** The name of a guard. */
export type GuardName = (typeof GUARDS)[number];

/** Why a plan must not be carried out, until a person overrides it. */
export interface Refusal {
  readonly guard: GuardName;
  /** What tripped, with the figures: "would delete 812 of 1,000 files (81%); the limit is 25%". */
  readonly message: string;
  /** A few of the paths concerned, at most 10. */
  readonly paths: readonly string[];
  /** How many paths are concerned in all. */
  readonly count: number;
}

/** A guard in words. */
export interface GuardDescription {
  /** What it keeps from happening, as a sentence without its full stop. */
  readonly what: string;
  /** How to override it once, and what that brings about. */
  readonly allow: string;
}

const DESCRIPTIONS: Record<GuardName, GuardDescription> = {
  "empty-source": describe(
    "empty-source",
    "a source without a single file is not delivered",
    "deliver it all the same",
  ),
  "shrink-limit": describe(
    "shrink-limit",
    "a source that holds far fewer files than the target is not delivered",
    "deliver what is left of it",
  ),
  "delete-limit": describe(
    "delete-limit",
    "a delivery does not delete more of a target's files than the limits say",
    "delete them all",
  ),
  "protected-path": describe(
    "protected-path",
    "protected files are neither replaced nor deleted once they are on a target",
    "replace or delete them",
  ),
  collision: describe(
    "collision",
    "two files that the target can't hold side by side are not delivered",
    "let one take the other's place",
  ),
  "bad-name": describe(
    "bad-name",
    "names that the target can't hold are not delivered",
    "try those it can be asked for and leave out the others",
  ),
  symlink: describe(
    "symlink",
    "a source with links that lead outside it or nowhere is not delivered",
    "deliver it without them",
  ),
  "special-file": describe(
    "special-file",
    "a source with sockets, pipes or devices is not delivered",
    "deliver it without them",
  ),
};

/** What a guard is for and how to override it, for people. */
export function describeGuard(name: GuardName): GuardDescription {
  return DESCRIPTIONS[name];
}

function describe(name: GuardName, what: string, effect: string): GuardDescription {
  return { what, allow: `--allow ${name} to ${effect}, this once` };
}
