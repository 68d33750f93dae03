import { randomBytes } from "node:crypto";

/**
 * A new run's name: sorts by time, is a safe file name everywhere: "20261122T174501-3f9a2c71". After the seconds come the
 * milliseconds, in hexadecimal, and five digits by chance, so that runs that begin in the same millisecond differ.
 */
export function makeRunId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const milliseconds = Math.trunc(now % 1000)
    .toString(16)
    .padStart(3, "0");
  return `${stamp}-${milliseconds}${randomBytes(3).toString("hex").slice(0, 5)}`;
}
