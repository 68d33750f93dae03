import { describe, expect, test } from "vitest";
import type { DeployEvent, TargetResult } from "../../src/core/events.ts";
import { createLinesReporter } from "../../src/report/lines.ts";
import { trackProgress } from "../../src/report/progress.ts";
import { progressLines } from "../../src/report/progress-line.ts";
import type { Detail } from "../../src/report/reporter.ts";
import { renderEnd, renderResult } from "../../src/report/result-text.ts";
import { plainStyle } from "../../src/report/style.ts";
import { columnsOf } from "../../src/report/text-width.ts";
import { FakeOutput } from "./fake-output.ts";
import { del, planOf, put } from "./fixture-events.ts";

const plan = planOf([put("写真.jpg", 600_000), put("お知らせ.html", 400_000), del("古い.html")]);

/** What a staged delivery tells, up to the moment when all of it lies beside the site. */
function staging(target: string): DeployEvent[] {
  return [
    { type: "connecting", target, to: `sftp://deploy@${target}.example.jp/` },
    { type: "planned", target, plan: { ...plan, target } },
    { type: "stage-started", target, files: 2, bytes: 1_000_000 },
    { type: "file-progress", target, path: "写真.jpg", sent: 100_000, size: 600_000 },
    { type: "file-staged", target, path: "写真.jpg", size: 600_000, seconds: 1 },
    { type: "file-staged", target, path: "お知らせ.html", size: 400_000, seconds: 1 },
  ];
}

const staged = (target: string): DeployEvent => ({ type: "staged", target, seconds: 2.5 });

function publishing(target: string): DeployEvent[] {
  return [
    { type: "file-put", target, path: "写真.jpg", size: 600_000, reason: "new", seconds: 0 },
    { type: "file-put", target, path: "お知らせ.html", size: 400_000, reason: "new", seconds: 0 },
    { type: "file-deleted", target, path: "古い.html" },
  ];
}

const published = (target: string): DeployEvent => ({ type: "published", target, seconds: 0.3 });

/** The live lines after these events. */
function live(events: readonly DeployEvent[], width = 80): string[] {
  const { run, apply } = trackProgress(() => 1000);
  for (const event of events) apply(event);
  return progressLines(run, 1500, width, plainStyle);
}

/** The lines of a log of these events, times taken away; each takes so long. */
function log(events: readonly DeployEvent[], detail: Detail = "normal", stepMs = 10): string[] {
  const output = new FakeOutput();
  let now = Date.UTC(2026, 10, 22, 8, 39, 5);
  const reporter = createLinesReporter({ output, style: plainStyle, detail, now: () => now });
  for (const event of events) {
    now += stepMs;
    reporter.onEvent(event);
  }
  return output.lines.map((line) => line.replace(/^\S+ {2}/, ""));
}

describe("a delivery that is staged", () => {
  const events = [...staging("web1"), staged("web1"), ...publishing("web1"), published("web1")];

  test("moves its bar while files are staged, gets ready, waits, and counts anew while they are published", () => {
    expect(live(events.slice(0, 4))).toEqual(["web1  ░░░░░░░░░░░░░░░░    5%  0/2  100 kB of 1.0 MB  staging"]);
    expect(live(events.slice(0, 5))).toEqual(["web1  ████████░░░░░░░░   55%  1/2  600 kB of 1.0 MB  staging"]);
    expect(live(events.slice(0, 6))).toEqual(["web1  getting ready…"]);
    expect(live(events.slice(0, 7))).toEqual(["web1  ready…"]);
    expect(live(events.slice(0, 8))).toEqual(["web1  █████░░░░░░░░░░░   33%  1/3  publishing"]);
    expect(live(events)).toEqual(["web1  published…"]);
  });

  test("shows the same when phases are told while it is published", () => {
    const phase: DeployEvent = { type: "phase-started", target: "web1", phase: "assets", files: 1, bytes: 600_000 };
    expect(live([...events.slice(0, 7), phase, ...events.slice(7, 8)])).toEqual(live(events.slice(0, 8)));
  });

  test.each([20, 30, 40, 60, 80, 120])("no line is wider than a terminal of %i columns", (width) => {
    const command = "/usr/local/bin/キャッシュを温める --all --hosts web1,web2";
    const hook: DeployEvent = { type: "hook-started", target: "web1", when: "after", command };
    for (const shown of [events.slice(0, 5), events.slice(0, 8), events, [...events, hook]]) {
      const [line = ""] = live(shown, width);
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
      expect(line).not.toBe("");
    }
  });

  test("has a line in the log for each of its steps, and none for each file", () => {
    expect(log(events)).toEqual([
      "web1: connecting to sftp://deploy@web1.example.jp/",
      "web1: plan: 2 to send (1.0 MB) · 1 to delete (0 B) · 9,171 unchanged",
      "web1: staging 2 files, 1.0 MB",
      "web1: staged in 2.5 s, ready to be published",
      "web1: published in 0.3 s",
    ]);
  });

  test("says in the log how far staging is when that takes long", () => {
    expect(log(events, "normal", 6000)).toContain("web1: 55% staged  1 of 2 files, 600 kB of 1.0 MB");
    expect(log(events, "normal", 6000)).toContain("web1: 33% published  1 of 3 files");
  });

  test("names each staged file with --verbose, and nothing with --quiet", () => {
    expect(log(events, "verbose")).toContain("web1: staged /写真.jpg (600 kB)");
    expect(log(events, "quiet")).toEqual([]);
  });
});

describe("several targets that are published together", () => {
  const both = [...staging("web1"), ...staging("web2")];

  test("are told to be ready once the last of them is", () => {
    expect(log([...both, staged("web2")]).at(-1)).toBe("web2: staged in 2.5 s, ready to be published");
    expect(log([...both, staged("web2"), staged("web1")]).at(-1)).toBe("all targets are ready: web1, web2");
    expect(live([...both, staged("web2")])).toEqual(["web1  getting ready…", "web2  ready…"]);
  });

  test("one that was put back says why", () => {
    const because = "web2: could not publish /var/www/html/about: permission denied";
    const reverted: DeployEvent = { type: "reverted", target: "web1", because };
    expect(log([...both, staged("web1"), staged("web2"), published("web1"), reverted]).at(-1)).toBe(
      `web1: put back as it was before: ${because}`,
    );
    expect(live([...both, staged("web1"), published("web1"), reverted])[0]).toBe("web1  put back…");
  });

  const untouched = { uploaded: 0, deleted: 0, unchanged: 9171, bytes: 0, seconds: 4 };
  const failed: TargetResult = {
    ...untouched,
    target: "web2",
    outcome: "failed",
    failure: { kind: "transient", code: "connection-lost", message: "could not put お知らせ.html: the line was cut" },
  };
  const heldBack: TargetResult = {
    ...untouched,
    target: "web1",
    outcome: "failed",
    failure: { kind: "conflict", code: "held-back", message: "nothing was changed here: web2: the line was cut" },
  };

  test("one that was held back or put back is not blamed, and says what it holds now", () => {
    expect(renderResult(heldBack, plainStyle)).toEqual([
      "! held back  web1",
      "  nothing was changed here: web2: the line was cut [held-back]",
    ]);
    const message = "put back as it was: web2: the line was cut";
    const putBack = { ...heldBack, uploaded: 2, deleted: 1, failure: { kind: "conflict", code: "put-back", message } };
    expect(renderResult(putBack, plainStyle)).toEqual([
      "! put back  web1",
      "  put back as it was: web2: the line was cut [put-back]",
    ]);
  });

  test("a run that changed nothing in the end says so, whatever it had published in between", () => {
    const putBack = { ...heldBack, uploaded: 2, failure: { kind: "conflict", code: "put-back", message: "put back" } };
    for (const other of [heldBack, putBack]) {
      const end = { type: "done", run: "20261122T010203-abcdef", site: "corporate", outcome: "failed" } as const;
      expect(renderEnd({ ...end, seconds: 4, targets: [other, failed] }, plainStyle)).toEqual([
        "✗ failed  corporate on 0 of 2 targets in 4.0 s",
        "  No file was delivered; the same command tries again.",
        "  what happened: smartsync show 20261122T010203-abcdef",
      ]);
    }
  });
});

describe("a command on the server", () => {
  const command = "sudo systemctl reload nginx";
  const started: DeployEvent = { type: "hook-started", target: "web1", when: "after", command };
  const ended = (exitCode: number | null, output = ""): DeployEvent => ({
    type: "hook-done",
    target: "web1",
    when: "after",
    command,
    exitCode,
    seconds: 0.4,
    output,
  });

  test("is live while it runs, and one line when it went well, whatever it wrote", () => {
    expect(live([started])).toEqual(["web1  running sudo systemctl reload nginx"]);
    expect(live([...staging("web1").slice(0, 2), started])).toEqual(["web1  running sudo systemctl reload nginx"]);
    expect(live([...staging("web1"), started, ended(0)])).toEqual(["web1  getting ready…"]);
    expect(log([started, ended(0, "reloaded\n")])).toEqual(["web1: ran sudo systemctl reload nginx in 0.4 s"]);
  });

  test("that failed shows its last words, and nothing in them reaches the terminal as a command", () => {
    const output = `${Array.from({ length: 14 }, (_, i) => `行 ${i}`).join("\n")}\n\u001b[31mfailed\u001b[0m\r\n\u0007\n`;
    expect(log([ended(3, output)])).toEqual([
      "web1: ran sudo systemctl reload nginx in 0.4 s: exit code 3",
      "    … after 6 other lines",
      ...Array.from({ length: 8 }, (_, i) => `    行 ${i + 6}`),
      "    failed",
      "    \\u{7}",
    ]);
    expect(log([ended(null, "(took longer than 60 s)\n")])).toEqual([
      "web1: ran sudo systemctl reload nginx in 0.4 s: it did not end well",
      "    (took longer than 60 s)",
    ]);
  });

  test("of several lines is told by its first", () => {
    const long: DeployEvent = { type: "hook-started", target: "web1", when: "after", command: "cd /srv\nmake warm\n" };
    expect(live([long])).toEqual(["web1  running cd /srv …"]);
  });
});
