import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { plainStyle } from "../../src/report/style.ts";
import { createTerminalReporter } from "../../src/report/terminal.ts";
import { columnsOf } from "../../src/report/text-width.ts";
import { FakeOutput } from "./fake-output.ts";
import { planOf, put } from "./fixture-events.ts";

const paths = Array.from({ length: 500 }, (_, at) => `${at}.jpg`);
const plan = planOf(paths.map((path) => put(path, 1000)));
const result = {
  target: "web1",
  outcome: "done",
  uploaded: 500,
  deleted: 0,
  unchanged: 0,
  bytes: 500_000,
  seconds: 5,
} as const;

function start(columns = 80) {
  const output = new FakeOutput(columns);
  const reporter = createTerminalReporter({ output, style: plainStyle, detail: "normal", now: () => Date.now() });
  reporter.onEvent({ type: "connecting", target: "web1", to: "ftps://ftp.example.jp/" });
  reporter.onEvent({ type: "planned", target: "web1", plan });
  reporter.onEvent({ type: "phase-started", target: "web1", phase: "assets", files: 500, bytes: 500_000 });
  return { output, reporter };
}

describe("progress on a terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is redrawn at most ten times a second, however fast files go", () => {
    const { output, reporter } = start();
    for (const path of paths) {
      reporter.onEvent({ type: "file-put", target: "web1", path, size: 1000, reason: "new", seconds: 0 });
      vi.advanceTimersByTime(2);
    }
    const frames = output.text.match(/\d+%/g) ?? [];
    expect(frames.length).toBeGreaterThan(3);
    expect(frames.length).toBeLessThanOrEqual(11);
    reporter.close();
  });

  test("finished lines stay, and nothing is left of what was live", () => {
    const { output, reporter } = start();
    vi.advanceTimersByTime(500);
    reporter.onEvent({ type: "target-done", result });
    reporter.close();
    const last = stripVTControlCharacters(output.writes.at(-1) ?? "");
    expect(last).toBe("✓ delivered  web1  500 sent (500 kB) · 5.0 s\n");
  });

  test("once everything is planned nothing is live, so that a question can be asked", () => {
    const { output, reporter } = start();
    reporter.onEvent({ type: "planned", target: "web1", plan });
    const asked = output.writes.length;
    vi.advanceTimersByTime(2000);
    expect(output.writes.length).toBe(asked);
    reporter.close();
  });

  test("no line wraps on a terminal of 40 columns", () => {
    const { output, reporter } = start(40);
    vi.advanceTimersByTime(5000);
    const lines = stripVTControlCharacters(output.text).split("\n");
    expect(Math.max(...lines.map(columnsOf))).toBeLessThan(40);
    reporter.close();
  });

  test("a refused plan is shown, since nobody will be asked about it", () => {
    const { output, reporter } = start();
    const refusal = { guard: "empty-source", message: "the source holds no file", paths: [], count: 0 } as const;
    reporter.onEvent({ type: "planned", target: "web1", plan: { ...plan, refusals: [refusal] } });
    expect(output.text).toContain("REFUSED the source holds no file");
    reporter.close();
  });

  test("a warning is printed once, above what is live", () => {
    const { output, reporter } = start();
    vi.advanceTimersByTime(200);
    reporter.onEvent({ type: "warning", code: "x", message: "something odd" });
    vi.advanceTimersByTime(1000);
    expect(output.text.match(/warning: something odd/g)).toHaveLength(1);
    reporter.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
