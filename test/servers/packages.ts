import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureNpmServers } from "./npm-server.ts";

/** What is unpacked from Debian's packages instead of being installed; rsync is an older one than that installed. */
export type ServerName = "vsftpd" | "proftpd" | "pure-ftpd" | "rsync";

const CACHE = join(import.meta.dirname, "../../.cache/servers");
const SERVERS: readonly ServerName[] = ["vsftpd", "proftpd", "pure-ftpd", "rsync"];
/** Packages of what is run as it is installed. */
const TOOLS = [
  ...["curl", "openssl", "openssh-server", "openssh-client", "rsync"],
  ...["nginx-light", "libnginx-mod-http-cache-purge", "varnish"],
  ...["ceph-mon", "ceph-osd", "radosgw"],
  ...["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"],
];

/** The folder below `.cache/servers` a server is unpacked in, with `usr/` inside; undefined when it isn't there. */
function findServer(name: ServerName): string | undefined {
  const laid = readdirSync(CACHE).find((entry) => entry.startsWith(name) && /^-\d/.test(entry.slice(name.length)));
  return laid && join(CACHE, laid);
}

function isComplete(): boolean {
  const note = join(CACHE, "installed");
  if (!SERVERS.every(findServer) || !existsSync(note)) return false;
  const installed = readFileSync(note, "utf8").split("\n").filter(Boolean);
  if (!TOOLS.every((tool) => installed.includes(tool))) return false;
  // A kept checkout may be on a machine made anew, so the machine is asked, not only our own note.
  const { status, stdout } = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Status}\n", ...installed]);
  return status === 0 && /^(installed\n)+$/.test(String(stdout));
}

/** Whether a command runs and succeeds. */
function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function refuse(why: string, command: string): never {
  throw new Error(`the tests start real FTP, SSH, web and object storage servers, ${why}; run: ${command}`);
}

const IN_A_CONTAINER =
  'docker run --rm --privileged -v "$PWD:/smartsync" -w /smartsync node:24-bookworm sh -c "npm ci && npm test"';
let ensured = false;

/**
 * Makes sure that every server, its libraries and the tools are there: unpacks and installs what is missing.
 * Takes milliseconds when nothing is. Throws one sentence with the command to run where it can't.
 */
export function ensurePackages(): void {
  if (ensured) return;
  if (process.getuid?.() !== 0) refuse("which takes root", 'sudo env "PATH=$PATH" npm test');
  if (!succeeds("apt-get", "--version")) refuse("which are Debian's packages", IN_A_CONTAINER);
  if (!succeeds("unshare", "--mount", "--pid", "--fork", "true")) {
    refuse("in namespaces, which this container may not make", IN_A_CONTAINER);
  }
  mkdirSync(CACHE, { recursive: true });
  if (!isComplete()) {
    const command = ["sh", join(import.meta.dirname, "install.sh"), CACHE, ...TOOLS];
    const { status } = spawnSync("flock", [join(CACHE, "lock"), ...command], { stdio: ["ignore", 2, 2] });
    if (status !== 0) refuse("which could not be installed (apt says why above)", command.join(" "));
  }
  ensureNpmServers();
  ensured = true;
}

/** The path of a file inside a server's package: `serverFile("vsftpd", "usr/sbin/vsftpd")`. */
export function serverFile(name: ServerName, path: string): string {
  const folder = findServer(name);
  if (!folder) throw new Error(`${name} is not unpacked below ${CACHE}: call ensurePackages() first`);
  return join(folder, path);
}
