import { expect, test } from "vitest";
import type { Outcome } from "../../src/core/events.ts";
import { outcomeOf } from "../../src/deploy/outcome.ts";

test.each<[Outcome[], Outcome]>([
  [["done"], "done"],
  [["unchanged", "unchanged"], "unchanged"],
  [["done", "unchanged"], "done"],
  [["failed", "failed"], "failed"],
  [["done", "failed"], "partial"],
  [["unchanged", "locked"], "partial"],
  [["locked"], "locked"],
  [["refused", "refused"], "refused"],
  [["refused", "failed"], "failed"],
  [["locked", "failed"], "failed"],
  [["partial", "failed"], "partial"],
  [["done", "aborted"], "aborted"],
])("targets that ended %j make a run that ended %s", (targets, outcome) => {
  expect(outcomeOf(targets)).toBe(outcome);
});
