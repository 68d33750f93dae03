declare const brand: unique symbol;

/**
 * A path below a site's root as it is named on every target: "/" between segments, no leading or trailing
 * slash, no empty, "." or ".." segment, no NUL. Japanese and every other Unicode text is kept byte for byte.
 */
export type RelPath = string & { readonly [brand]: true };

// A segment that is empty, "." or "..", or a NUL anywhere. One pass, as it is asked of every line of a manifest.
const NOT_RELATIVE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** The text as a RelPath, or undefined when it could name something outside the site or nothing at all. */
export function parseRelPath(text: string): RelPath | undefined {
  return NOT_RELATIVE.test(text) ? undefined : (text as RelPath);
}

/** The directories above a path, nearest first: "a/b/c.html" gives "a/b", "a". */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) parents.push(path.slice(0, at));
  return parents;
}

/** The directory a path lies in; "" for the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** Every directory that holds one of the paths, directly or further down; the root itself left out. */
export function directoriesOf(paths: Iterable<string>): Set<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const directory = path.slice(0, at);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return directories;
}

/** These in path order: by UTF-16 code units, as JavaScript compares strings. Nearly free when they are so already. */
export function inPathOrder<T extends { readonly path: string }>(items: Iterable<T>): T[] {
  const list = [...items];
  let last = "";
  for (const { path } of list) {
    if (path < last) return list.sort((a, b) => (a.path < b.path ? -1 : 1));
    last = path;
  }
  return list;
}
