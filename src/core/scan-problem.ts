/** Something in the source that can't be delivered as a file. */
export interface ScanProblem {
  readonly path: string;
  readonly problem: "symlink-outside" | "symlink-broken" | "symlink-loop" | "special-file" | "undecodable-name";
  /** Where a link leads, or what the special file is. */
  readonly detail: string;
  /** What the site's policy says of it. */
  readonly policy: "refuse" | "skip";
}
