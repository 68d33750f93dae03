import { describe, expect, test } from "vitest";
import type { Outcome, TargetResult } from "../../src/core/events.ts";
import { renderFailure } from "../../src/report/render-failure.ts";
import { renderEnd, renderResult, renderResultAfterPlan } from "../../src/report/result-text.ts";
import { plainStyle } from "../../src/report/style.ts";

const target = (outcome: Outcome, uploaded = 0): TargetResult => ({
  target: "web1",
  outcome,
  uploaded,
  deleted: 0,
  unchanged: 10,
  bytes: uploaded * 1000,
  seconds: 2,
});
const failing = (kind: string): TargetResult => ({
  ...target("failed"),
  failure: { kind, code: "some-code", message: "it did not work" },
});
const end = (outcome: Outcome, targets: readonly TargetResult[]) =>
  renderEnd(
    { type: "done", run: "20261122T010203-abcdef", site: "corporate", outcome, seconds: 2, targets: [...targets] },
    plainStyle,
  );

describe("how a run ended", () => {
  test("what is zero is left out of a target's result", () => {
    expect(renderResult(target("unchanged"), plainStyle)).toEqual(["✓ up to date  web1  10 unchanged · 2.0 s"]);
  });

  test("what left the site and stays is told beside what was done", () => {
    expect(renderResult({ ...target("done", 2), kept: 1200 }, plainStyle)).toEqual([
      "✓ delivered  web1  2 sent (2.0 kB) · 1,200 kept · 10 unchanged · 2.0 s",
    ]);
  });

  test("a delivery is not called partial for a command that failed after it, and not asked to be repeated", () => {
    const failure = { kind: "partial", code: "hook-failed", message: "exit code 3" };
    const hooked = { ...target("partial", 2), failure };
    expect(renderResult(hooked, plainStyle)[0]).toMatch(/^! delivered, but a hook failed {2}web1/);
    expect(end("partial", [hooked, target("done", 2)])).toEqual([
      "! delivered, but a hook failed  corporate on 2 of 2 targets in 2.0 s",
      "  what happened: smartsync show 20261122T010203-abcdef",
    ]);
    expect(end("partial", [hooked, failing("transient")])[0]).toBe(
      "! partly delivered  corporate on 1 of 2 targets in 2.0 s",
    );
  });

  test("one target that went well needs no summary", () => {
    expect(end("done", [target("done", 3)])).toEqual([]);
  });

  test("several targets are summed up", () => {
    expect(end("done", [target("done", 3), target("unchanged")])).toEqual([
      "✓ delivered  corporate on 2 of 2 targets in 2.0 s",
    ]);
  });

  test("after a delivery that stopped half-way it says that the next run takes it up", () => {
    expect(end("aborted", [target("aborted", 3)]).join("\n")).toContain("takes up where this one stopped");
    expect(end("aborted", [target("aborted", 3)]).join("\n")).toContain("smartsync show 20261122T010203-abcdef");
  });

  test("a refused run has said what to do already", () => {
    expect(end("refused", [target("refused")])).toEqual(["  what happened: smartsync show 20261122T010203-abcdef"]);
  });

  test("a run that sent nothing says so", () => {
    expect(end("failed", [failing("transient")])[0]).toBe("  No file was delivered; the same command tries again.");
  });

  test.each(["config", "auth", "conflict", "refused", "bug"])("a failure of the kind %s is not tried again", (kind) => {
    expect(end("failed", [failing(kind)])).toEqual(["  what happened: smartsync show 20261122T010203-abcdef"]);
  });

  test("a run that met a lock or a guard touched nothing, and says no more", () => {
    expect(renderResult(target("locked"), plainStyle)).toEqual(["✗ locked by another run  web1  nothing was touched"]);
    expect(renderResultAfterPlan({ ...failing("refused"), outcome: "refused" }, plainStyle)).toEqual([
      "✗ refused  web1  nothing was touched",
    ]);
  });

  test("a failure is told with its code, and a message of several lines stays several lines", () => {
    const failure = { code: "config-invalid", message: "two problems:\na.yaml:1:2 is odd", hint: "mend them" };
    expect(renderFailure(failure, plainStyle)).toEqual([
      "error: two problems: [config-invalid]",
      "  a.yaml:1:2 is odd",
      "hint: mend them",
    ]);
  });
});
