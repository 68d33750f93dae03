import { OWN_FOLDER } from "./own-names.ts";

/** Where a target's settings say that the site and smartsync's own records lie on a server. */
export interface ServerPlaces {
  readonly path: string;
  readonly statePath?: string | undefined;
}

/** The document root without a trailing slash: "" for the server's own root. */
export function rootOf({ path }: Pick<ServerPlaces, "path">): string {
  return tidy(path);
}

/** Where the state lies: beside the document root, or inside it when that is the server's own root. */
export function stateDirOf({ path, statePath }: ServerPlaces): string {
  if (statePath !== undefined) return tidy(statePath);
  const root = tidy(path);
  const cut = Math.max(root.lastIndexOf("/"), 0);
  return `${root.slice(0, cut)}/${OWN_FOLDER}${root.slice(cut)}`;
}

/** Where a directory lies below a document root; undefined when it is outside. */
export function below(root: string, dir: string): string | undefined {
  return dir.startsWith(`${root}/`) ? dir.slice(root.length + 1) : undefined;
}

/** "/a//b/" as "/a/b", "/" as "". */
function tidy(path: string): string {
  return path.replace(/\/+/g, "/").replace(/\/$/, "");
}
