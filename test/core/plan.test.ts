import { describe, expect, test } from "vitest";
import { parsePlan } from "../../src/core/parse-plan.ts";
import { planOf, readGoldenCases, writeGoldenCase } from "./golden.ts";

// `UPDATE_GOLDENS=1 npx vitest run test/core/plan` writes the plans as they are made now; read the difference.
const updating = process.env.UPDATE_GOLDENS === "1";

describe("the plan of each case in fixtures/plans", () => {
  const cases = readGoldenCases();

  test.each(cases)("$golden.name ($file)", ({ file, golden }) => {
    const plan = planOf(golden);
    if (updating) writeGoldenCase(file, { ...golden, plan });
    else expect(plan).toEqual(golden.plan);
  });

  test.each(cases)("$file survives being stored as JSON and read again", ({ golden }) => {
    const plan = planOf(golden);
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });
});
