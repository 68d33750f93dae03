/** True when a call failed because there is nothing at that path (any more), or something on the way is no directory. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The operating system's code of a failed call ("EACCES"); undefined for an error that came from elsewhere. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk reported an error",
  ENAMETOOLONG: "the path is too long to be opened",
  EMFILE: "too many files are open",
  ESTALE: "the network file system lost it",
};

/** Why a call on a file failed, in words. Throws what is not an error of the operating system: that is a defect. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined) throw error;
  return REASONS[code] ?? code;
}
