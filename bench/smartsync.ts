import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../bin/smartsync.js", import.meta.url));

/** The command line that runs this checkout's smartsync, by the Node that runs the bench. */
export function smartsync(...args: string[]): string[] {
  return [process.execPath, LAUNCHER, ...args];
}
