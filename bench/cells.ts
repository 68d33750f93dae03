import { median, type Result } from "./results.ts";

/** The result of one cell of a table, when there is one. */
export function findResult(results: readonly Result[], tool: string, scenario: string): Result | undefined {
  return results.find((result) => result.tool === tool && result.scenario === scenario);
}

/** A time for a table: "86.6 s", "0.412 s", "" when it was not measured. */
export function showSeconds(result: Result | undefined): string {
  if (!result) return "";
  const time = median(result.seconds);
  return `${time.toFixed(time < 10 ? 3 : 1)} s`;
}

/** How a time compares with another, and whether that is good enough: "0.171" and "≤ 0.2 ✓". */
export function showRatio(own: Result | undefined, reference: Result | undefined, goal: number): [string, string] {
  if (!own || !reference) return ["", `≤ ${goal}`];
  const ratio = median(own.seconds) / median(reference.seconds);
  return [ratio.toFixed(3), showGoal(ratio <= goal, goal)];
}

/** A goal, and whether it was met: "≤ 300 MB ✓". */
export function showGoal(met: boolean, goal: number | string): string {
  return `≤ ${goal} ${met ? "✓" : "✗"}`;
}

/** The most memory a process held, for a table: "288 MB". */
export function showBytes(result: Result | undefined): string {
  return result?.peakBytes ? `${Math.round(result.peakBytes / 1e6)} MB` : "";
}
