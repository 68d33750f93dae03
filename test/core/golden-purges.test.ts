import { describe, expect, test } from "vitest";
import { plansOf, readGoldenPurges, writeGoldenPurge } from "./golden-purges.ts";

// `UPDATE_GOLDENS=1 npx vitest run test/core/golden-purges` writes the plans as they are made now; read the difference.
const updating = process.env.UPDATE_GOLDENS === "1";

describe("the purges of each case in fixtures/plans", () => {
  test.each(readGoldenPurges())("$golden.name ($file)", ({ file, golden }) => {
    const plans = plansOf(golden);
    if (updating) writeGoldenPurge(file, { ...golden, plans });
    expect(readGoldenPurges().find((each) => each.file === file)?.golden.plans).toEqual(plans);
  });
});
