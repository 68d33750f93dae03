import { describe, expect, test } from "vitest";
import { trackProgress } from "../../src/report/progress.ts";
import { progressLines } from "../../src/report/progress-line.ts";
import { plainStyle } from "../../src/report/style.ts";
import { secondsLeft } from "../../src/report/target-progress.ts";
import { columnsOf } from "../../src/report/text-width.ts";
import { del, planOf, put } from "./fixture-events.ts";

const plan = planOf([put("a.jpg", 600), put("b.html", 400), del("c.html")]);
const sent = (path: string, size: number) =>
  ({ type: "file-put", target: "web1", path, size, reason: "new", seconds: 0.1 }) as const;

function delivering(now = () => 1000) {
  const progress = trackProgress(now);
  progress.apply({ type: "connecting", target: "web1", to: "ftps://ftp.example.jp/" });
  progress.apply({ type: "planned", target: "web1", plan });
  progress.apply({ type: "phase-started", target: "web1", phase: "assets", files: 1, bytes: 600 });
  return progress;
}

describe("progress", () => {
  test("counts files and bytes, those under way included", () => {
    const { run, apply } = delivering();
    apply({ type: "file-progress", target: "web1", path: "a.jpg", sent: 200, size: 600 });
    expect(run.targets.get("web1")).toMatchObject({ files: 0, filesTotal: 3, bytes: 200, bytesTotal: 1000 });
    apply(sent("a.jpg", 600));
    apply({ type: "file-deleted", target: "web1", path: "c.html" });
    expect(run.targets.get("web1")).toMatchObject({ files: 2, bytes: 600 });
  });

  test("a file that is sent again from its start is not counted twice", () => {
    const { run, apply } = delivering();
    apply({ type: "file-progress", target: "web1", path: "a.jpg", sent: 500, size: 600 });
    apply({ type: "file-progress", target: "web1", path: "a.jpg", sent: 100, size: 600 });
    apply(sent("a.jpg", 600));
    expect(run.targets.get("web1")?.bytes).toBe(600);
  });

  test("the time left is told after two seconds, from files and bytes alike", () => {
    const { run, apply } = delivering(() => 1000);
    const progress = run.targets.get("web1");
    apply(sent("a.jpg", 600));
    if (progress === undefined) throw new Error("no progress");
    expect(secondsLeft(progress, 2000)).toBeUndefined();
    expect(secondsLeft(progress, 11_000)).toBeCloseTo((10 / (14 / 30)) * (16 / 30), 5);
  });

  test("a line for each target at work, none for those that wait or have ended", () => {
    const { run, apply } = delivering();
    apply({ type: "connecting", target: "本番", to: "/var/www" });
    expect(progressLines(run, 1500, 80, plainStyle)).toEqual([
      "web1  ░░░░░░░░░░░░░░░░    0%  0/3  0 B of 1.0 kB  assets",
      "本番  connecting…",
    ]);
    apply({
      type: "target-done",
      result: { target: "本番", outcome: "done", uploaded: 0, deleted: 0, unchanged: 0, bytes: 0, seconds: 0 },
    });
    expect(progressLines(run, 1500, 80, plainStyle)).toHaveLength(1);
  });

  test.each([20, 30, 40, 60, 80, 120])("no line is wider than a terminal of %i columns", (width) => {
    const { run, apply } = delivering();
    apply({ type: "connecting", target: "とても長い名前の本番サーバー", to: "/var/www" });
    apply(sent("a.jpg", 600));
    for (const line of progressLines(run, 60_000, width, plainStyle)) {
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
      expect(line).not.toBe("");
    }
  });

  test("tells what the scan has found, and the quiet that is waited for", () => {
    const { run, apply } = trackProgress(() => 0);
    apply({ type: "settling", quietFor: 3.4, needed: 10 });
    expect(progressLines(run, 0, 80, plainStyle)).toEqual(["waiting for the source to be quiet: 3 of 10 s"]);
    apply({ type: "scan-progress", files: 1200, bytes: 5_000_000 });
    expect(progressLines(run, 0, 80, plainStyle)).toEqual(["scanning: 1,200 files, 5.0 MB"]);
    apply({ type: "scanned", files: 1200, bytes: 5_000_000, hashed: 0, skipped: 0, seconds: 1 });
    expect(progressLines(run, 0, 80, plainStyle)).toEqual([]);
  });
});
