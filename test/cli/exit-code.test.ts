import { describe, expect, test } from "vitest";
import { exitCodeFor, exitCodeForSome, exitCodeOf } from "../../src/cli/exit-code.ts";
import type { Outcome } from "../../src/core/events.ts";
import { type ErrorKind, SmartsyncError } from "../../src/lib/errors.ts";

describe("exit codes", () => {
  test.each<[ErrorKind, string, number]>([
    ["config", "config-invalid", 2],
    ["auth", "login-refused", 1],
    ["not-found", "not-found", 1],
    ["transient", "connect-failed", 1],
    ["conflict", "target-moved", 1],
    ["refused", "plan-outdated", 4],
    ["refused", "locked", 5],
    ["partial", "some-failed", 3],
    ["aborted", "aborted", 130],
    ["bug", "unexpected", 1],
  ])("an error of kind %s (%s) is %i", (kind, code, expected) => {
    expect(exitCodeOf(new SmartsyncError("it failed", { kind, code }))).toBe(expected);
  });

  test.each<[Outcome, number]>([
    ["done", 0],
    ["unchanged", 0],
    ["failed", 1],
    ["partial", 3],
    ["refused", 4],
    ["locked", 5],
    ["aborted", 130],
  ])("a run that ended as %s is %i", (outcome, expected) => {
    expect(exitCodeFor(outcome)).toBe(expected);
  });

  test("of many things none, some or all may have failed", () => {
    expect([exitCodeForSome(0, 3), exitCodeForSome(1, 3), exitCodeForSome(3, 3)]).toEqual([0, 3, 1]);
  });
});
