import { join } from "node:path";

/** A path with a leading "~/" led to the home directory; others as they are. */
export function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
