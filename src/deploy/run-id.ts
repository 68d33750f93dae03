import { randomBytes } from "node:crypto";

/** A new run's name: sorts by time, is a safe file name everywhere: "20261122T174501-3f9a2c". */
export function makeRunId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  return `${stamp}-${randomBytes(3).toString("hex")}`;
}
