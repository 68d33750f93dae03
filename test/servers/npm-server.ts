import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Servers that are npm packages, by the version used: far too large to be dependencies of everybody who works on smartsync. */
const NPM_SERVERS = {
  azurite: "3.37.0",
  "firebase-tools": "15.34.2",
} as const;

/** The name of such a package. */
export type NpmServerName = keyof typeof NPM_SERVERS;

const CACHE = join(import.meta.dirname, "../../.cache/servers");

/** Installs into a folder of its own first, so that one that is there is complete. Whoever waited for the lock may find it so. */
const LAY = `
  test -d "$2" && exit
  work=$(mktemp -d "$1/.npm-XXXXXX")
  npm install --prefix "$work" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$3" >&2 || exit
  chmod 755 "$work" && mv "$work" "$2"
`;

function folderOf(name: NpmServerName): string {
  return join(CACHE, `${name}-${NPM_SERVERS[name]}`);
}

function names(): NpmServerName[] {
  return Object.keys(NPM_SERVERS).filter((name): name is NpmServerName => name in NPM_SERVERS);
}

/**
 * Makes sure that every one is there: installs what is missing below `.cache/servers`, by one process at a time. Takes
 * no time when nothing is. Throws one sentence with the command to try where it can't.
 */
export function ensureNpmServers(): void {
  for (const name of names()) {
    const folder = folderOf(name);
    if (existsSync(folder)) continue;
    mkdirSync(CACHE, { recursive: true });
    const spec = `${name}@${NPM_SERVERS[name]}`;
    const { status } = spawnSync("flock", [join(CACHE, "npm-lock"), "sh", "-c", LAY, "lay", CACHE, folder, spec], {
      stdio: ["ignore", 2, 2],
    });
    if (status === 0) continue;
    throw new Error(
      `the tests start ${name}, which npm could not install (it says why above); try: npm view ${spec} version`,
    );
  }
}

/** The path of a file inside such a package: `npmServerFile("azurite", "dist/src/blob/main.js")`. */
export function npmServerFile(name: NpmServerName, path: string): string {
  const folder = folderOf(name);
  if (!existsSync(folder)) throw new Error(`${name} is not installed below ${CACHE}: call ensurePackages() first`);
  return join(folder, "node_modules", name, path);
}
