import { posix } from "node:path";
import { SmartsyncError } from "../../../lib/errors.ts";
import { tempPath } from "../../files/own-names.ts";

/**
 * Where a site's releases lie: each in a directory of its own, named after the run that delivered it. The document
 * root is a symbolic link to the one that visitors see.
 */
export interface ReleaseLayout {
  /** The document root, without a slash at its end. */
  readonly path: string;
  /** The directory that holds the releases. */
  readonly releasesPath: string;
  /** Paths that all releases have in common, relative to the document root. */
  readonly shared: readonly string[];
  /** The link to be, for the moment before it takes the document root's place. */
  readonly tempLink: string;
  /** The directory of a release, or of one that is being built (`partOf`). */
  dirOf(name: string): string;
  /** What the document root's link to this release says: relative, so that it holds in a chroot too. */
  linkTo(name: string): string;
  /** The release that a link in the document root's place names; undefined when it leads anywhere else. */
  nameOf(link: string): string | undefined;
  /** Where a shared path really lies. */
  sharedDir(path: string): string;
  /** What a release's link to a shared path says. */
  sharedLink(path: string): string;
}

const RELEASE = /^(?:before-)?(\d{8}T\d{6}(?:-[0-9a-f]{6,8})?)$/;
const PART = ".tmp";

/** The layout of a target's releases. Throws "releases-path" when one of the two directories would lie in the other. */
export function createLayout(path: string, releasesPath: string | undefined, shared: readonly string[]): ReleaseLayout {
  const root = posix.normalize(path).replace(/\/+$/, "");
  const place = posix.normalize(releasesPath ?? `${root}.releases`).replace(/\/+$/, "");
  if (root === "" || contains(root, place) || contains(place, root)) throw badPlace(root, place);
  const above = posix.dirname(root);
  return {
    path: root,
    releasesPath: place,
    shared,
    tempLink: tempPath(root),
    dirOf: (name) => `${place}/${name}`,
    linkTo: (name) => posix.relative(above, `${place}/${name}`),
    nameOf(link) {
      const target = posix.resolve(above, link);
      const name = posix.basename(target);
      return posix.dirname(target) === place && isReleaseName(name) ? name : undefined;
    },
    sharedDir: (path) => `${place}/shared/${path}`,
    sharedLink: (path) => `${"../".repeat(path.split("/").length)}shared/${path}`,
  };
}

/** True for the name of a release: a run's, or `nameBefore` of a time. */
export function isReleaseName(name: string): boolean {
  return RELEASE.test(name);
}

/** The name of what was there before there were releases. `now` in milliseconds since the epoch. */
export function nameBefore(now: number): string {
  return `before-${new Date(now).toISOString().replace(/[-:]|\.\d+Z$/g, "")}`;
}

/** The name of a release while it is being built or taken away. */
export function partOf(name: string): string {
  return `${name}${PART}`;
}

/** True for a name that `partOf` gives. */
export function isPartName(name: string): boolean {
  return name.endsWith(PART) && isReleaseName(name.slice(0, -PART.length));
}

/** The names of releases by their time, newest first. */
export function newestFirst(names: readonly string[]): string[] {
  const time = (name: string) => RELEASE.exec(name)?.[1] ?? "";
  return [...names].sort((a, b) => (time(a) < time(b) ? 1 : -1));
}

function contains(dir: string, path: string): boolean {
  return path === dir || path.startsWith(`${dir}/`);
}

function badPlace(root: string, place: string): SmartsyncError {
  return new SmartsyncError(`releases in ${place || "/"} can't be served as the document root ${root || "/"}`, {
    kind: "config",
    code: "releases-path",
    hint: "neither may lie inside the other; set `releasesPath` to a directory beside the document root",
  });
}
