import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** The zone of a process is fixed at its start, so each has a process of its own. */
function timestampIn(zone: string, ms: number): string {
  const module = new URL("../../src/report/local-time.ts", import.meta.url).href;
  const script = `import { formatTimestamp } from ${JSON.stringify(module)}; process.stdout.write(formatTimestamp(${ms}))`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], { env: { TZ: zone }, encoding: "utf8" });
}

test.each([
  ["Asia/Tokyo", "2026-11-22T17:39:05+09:00"],
  ["UTC", "2026-11-22T08:39:05+00:00"],
  ["America/St_Johns", "2026-11-22T05:09:05-03:30"],
  ["Asia/Kathmandu", "2026-11-22T14:24:05+05:45"],
])("the same moment in %s is %s", (zone, expected) => {
  expect(timestampIn(zone, Date.UTC(2026, 10, 22, 8, 39, 5))).toBe(expected);
});
