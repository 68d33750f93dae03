import { describe, expect, test } from "vitest";
import type { DeployEvent } from "../../src/core/events.ts";
import { createLinesReporter } from "../../src/report/lines.ts";
import { formatTimestamp } from "../../src/report/local-time.ts";
import type { Detail } from "../../src/report/reporter.ts";
import { plainStyle } from "../../src/report/style.ts";
import { FakeOutput } from "./fake-output.ts";
import { planOf, put } from "./fixture-events.ts";

const paths = Array.from({ length: 100 }, (_, at) => `画像/${at}.jpg`);
const plan = planOf(paths.map((path) => put(path, 1000)));
const sent = (path: string): DeployEvent => ({
  type: "file-put",
  target: "web1",
  path,
  size: 1000,
  reason: "new",
  seconds: 0.1,
});
const failed: DeployEvent = {
  type: "target-done",
  result: {
    target: "web1",
    outcome: "failed",
    uploaded: 12,
    deleted: 0,
    unchanged: 3,
    bytes: 12_000,
    seconds: 4,
    failure: {
      kind: "config",
      code: "disk-full",
      message: "could not write /a.jpg: the disk is full",
      hint: "free space",
    },
  },
};

/** What the reporter prints for these events, times taken away; the clock moves on before each event. */
function linesFor(events: readonly DeployEvent[], detail: Detail = "normal", stepMs = 10): string[] {
  const output = new FakeOutput();
  let now = Date.UTC(2026, 10, 22, 8, 39, 5);
  const reporter = createLinesReporter({ output, style: plainStyle, detail, now: () => now });
  for (const event of events) {
    now += stepMs;
    reporter.onEvent(event);
  }
  return output.lines.map((line) => line.replace(/^\S+ {2}/, ""));
}

const phase: DeployEvent = { type: "phase-started", target: "web1", phase: "assets", files: 100, bytes: 100_000 };
const planned: DeployEvent = { type: "planned", target: "web1", plan };

describe("lines for a log", () => {
  test("each begins with the time in the machine's zone", () => {
    const output = new FakeOutput();
    const now = Date.UTC(2026, 10, 22, 8, 39, 5);
    const reporter = createLinesReporter({ output, style: plainStyle, detail: "normal", now: () => now });
    reporter.onEvent({ type: "connecting", target: "web1", to: "ftps://deploy@ftp.example.jp/" });
    expect(output.text).toBe(`${formatTimestamp(now)}  web1: connecting to ftps://deploy@ftp.example.jp/\n`);
  });

  test("while files are sent, a line for every tenth of them and none for each", () => {
    const lines = linesFor([planned, phase, ...paths.map(sent)], "normal", 1000);
    expect(lines.slice(0, 3)).toEqual([
      "web1: plan: 100 to send (100 kB) · 9,171 unchanged",
      "web1: assets: 100 files, 100 kB",
      "web1: 10%  10 of 100 files, 10.0 kB of 100 kB",
    ]);
    expect(lines).toHaveLength(2 + 9);
  });

  test("a delivery of a few seconds has none of these lines", () => {
    expect(linesFor([planned, phase, ...paths.map(sent)], "normal", 49)).toHaveLength(2);
  });

  test("none follows within five seconds after another line about the target", () => {
    const retry: DeployEvent = {
      type: "retry",
      target: "web1",
      doing: "put a",
      attempt: 1,
      waitSeconds: 1,
      reason: "reset",
    };
    const restless = paths.flatMap((path) => [sent(path), retry]);
    expect(linesFor([planned, phase, ...restless], "normal", 4000).filter((line) => line.includes("%"))).toEqual([]);
  });

  test("after 30 seconds without a line there is one, however slow the files are", () => {
    const lines = linesFor([planned, phase, ...paths.slice(0, 6).map(sent)], "normal", 16_000);
    expect(lines.slice(2)).toEqual([
      "web1: 2%  2 of 100 files, 2.0 kB of 100 kB",
      "web1: 4%  4 of 100 files, 4.0 kB of 100 kB",
      "web1: 6%  6 of 100 files, 6.0 kB of 100 kB",
    ]);
  });

  test("with --verbose every file has its line, in the words of the plan", () => {
    const last: DeployEvent = {
      type: "file-put",
      target: "web1",
      path: "画像/99.jpg",
      size: 1000,
      reason: "unknown",
      seconds: 0,
    };
    const lines = linesFor([planned, phase, last], "verbose");
    expect(lines).toContain("web1: delivered /画像/99.jpg (1.0 kB, unsure)");
  });

  test("with --quiet there are warnings and failures, and nothing else", () => {
    const warning: DeployEvent = {
      type: "warning",
      target: "web1",
      code: "x",
      message: "a beat was missed",
      hint: "wait",
    };
    expect(linesFor([planned, phase, ...paths.map(sent), warning, failed], "quiet")).toEqual([
      "web1: warning: a beat was missed (wait)",
      "✗ failed  web1  12 sent (12.0 kB) · 3 unchanged · 4.0 s",
      "  error: could not write /a.jpg: the disk is full [disk-full]",
      "  hint: free space",
    ]);
  });

  test("a refusal is told even with --quiet, with the way to override it", () => {
    const refusals = [{ guard: "empty-source", message: "the source holds no file", paths: [], count: 0 }] as const;
    expect(linesFor([{ ...planned, plan: { ...plan, refusals } }], "quiet")).toEqual([
      "web1: REFUSED the source holds no file (if this is meant: --allow empty-source)",
    ]);
  });

  test("a refusal is told once, after what was planned", () => {
    const refusals = [
      { guard: "shrink-limit", message: "far fewer files", paths: [], count: 0 },
      { guard: "delete-limit", message: "would delete much", paths: [], count: 0 },
    ] as const;
    const result = { target: "web1", uploaded: 0, deleted: 0, unchanged: 0, bytes: 0, seconds: 0 };
    const failure = {
      kind: "refused",
      code: "shrink-limit, delete-limit",
      message: "far fewer files\nwould delete much",
    };
    const end = { ...result, outcome: "refused", failure } as const;
    expect(
      linesFor([
        { ...planned, plan: { ...plan, refusals } },
        { type: "target-done", result: end },
      ]),
    ).toEqual([
      "web1: plan: 100 to send (100 kB) · 9,171 unchanged",
      "web1: REFUSED far fewer files (if this is meant: --allow shrink-limit)",
      "web1: REFUSED would delete much (if this is meant: --allow delete-limit)",
      "✗ refused  web1  nothing was touched",
    ]);
  });

  test("files that another tool put there are told, as they need not be sent", () => {
    const observed = { type: "observed", target: "bucket", state: "absent~1f", interrupted: null } as const;
    expect(
      linesFor([
        { ...observed, files: 1_200, first: true, adopted: 1_200, drifted: 0 },
        { ...observed, files: 3, first: false, adopted: 0, drifted: 0 },
      ]),
    ).toEqual([
      "bucket: nothing delivered yet; 1,200 files put there by another tool found equal to the site's",
      "bucket: 3 files known there",
    ]);
  });

  test("retries, a dead run's lock and an interrupted run are told", () => {
    expect(
      linesFor([
        {
          type: "observed",
          target: "web1",
          files: 3,
          state: "1:a",
          first: false,
          interrupted: "20261122T010203-abcdef",
        },
        { type: "locked", target: "web1", tookOver: "push by deploy@cms" },
        {
          type: "retry",
          target: "web1",
          doing: "sending /a",
          attempt: 2,
          waitSeconds: 0.5,
          reason: "connection reset",
        },
        { type: "limit-learned", target: "web1", connections: 2, reason: "421 too many" },
        { type: "file-replanned", target: "web1", path: "a.html", attempt: 1 },
      ]),
    ).toEqual([
      "web1: run 20261122T010203-abcdef has not ended there",
      "web1: took over a dead run's lock: push by deploy@cms",
      "web1: sending /a: connection reset; trying again in 0.5 s (attempt 2)",
      "web1: the server takes 2 connections at a time (421 too many)",
      "web1: /a.html changed while it was sent; sending it anew",
    ]);
  });
});
