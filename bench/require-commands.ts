import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { runChecked } from "./run-command.ts";

/** The Debian package that brings each command the benches use. */
const PACKAGES = {
  lftp: "lftp",
  rclone: "rclone",
  rsync: "rsync",
  ip: "iproute2",
  ss: "iproute2",
  sysctl: "procps",
  gcc: "gcc",
  time: "time",
  curl: "curl",
  aws: "awscli",
  hugo: "hugo",
} as const;

/** A command the benches use. */
export type CommandName = keyof typeof PACKAGES;

/** What a link with a delay is made with. */
export const LINK_COMMANDS: readonly CommandName[] = ["ip", "ss", "sysctl", "gcc"];

/** Makes sure these commands are there: installs their packages as root, and otherwise throws the command that does. */
export async function requireCommands(commands: readonly CommandName[]): Promise<void> {
  const missing = commands.filter((command) => !isOnPath(command));
  if (missing.length === 0) return;
  // gcc alone can compile nothing: the C library's headers are only recommended by its package.
  const packages = missing.flatMap((command) => (command === "gcc" ? ["gcc", "libc6-dev"] : [PACKAGES[command]]));
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...new Set(packages)];
  if (process.getuid?.() !== 0) {
    throw new Error(
      `the bench needs ${missing.join(", ")}; install with: sudo apt-get update && sudo ${install.join(" ")}`,
    );
  }
  console.log(install.join(" "));
  await runChecked(["apt-get", "update"]);
  await runChecked(install, { env: { DEBIAN_FRONTEND: "noninteractive" } });
}

/** Throws when this process is not root: network namespaces are root's to make. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    `network namespaces need root; run: sudo env "PATH=$PATH" npm run bench -- ${process.argv.slice(2).join(" ")}`,
  );
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
