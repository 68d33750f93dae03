import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

const CHECKOUT = join(import.meta.dirname, "..");
const PACKAGE = join(CHECKOUT, ".cache/package");

let built = false;

/** The command line that runs smartsync as it is published, built from this checkout, by the Node that runs the bench. */
export function smartsync(...args: string[]): string[] {
  if (!built) buildPackage();
  return [process.execPath, join(PACKAGE, "bin/smartsync.js"), ...args];
}

/** What `npm pack` would hold; libraries are found in the checkout above it. */
function buildPackage(): void {
  rmSync(PACKAGE, { recursive: true, force: true });
  const rolldown = join(CHECKOUT, "node_modules/.bin/rolldown");
  const args = ["-c", "rolldown.config.ts", "--dir", join(PACKAGE, "dist/cli")];
  execFileSync(rolldown, args, { cwd: CHECKOUT, stdio: "pipe" });
  for (const part of ["bin", "package.json"]) cpSync(join(CHECKOUT, part), join(PACKAGE, part), { recursive: true });
  built = true;
}
