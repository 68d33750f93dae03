import { expect, test } from "vitest";
import { judgeBudget } from "../../src/core/purge-budget.ts";

const budget = { usd: 10, over: "wait" } as const;

test("within the budget a purge goes on without a word", () => {
  expect(judgeBudget({ usd: 1 }, budget, 5)).toEqual({ do: "go", isNearlySpent: false });
});

test("from four fifths on it is nearly spent", () => {
  expect(judgeBudget({ usd: 1 }, budget, 7)).toEqual({ do: "go", isNearlySpent: true });
  expect(judgeBudget({ usd: 1 }, budget, 9)).toEqual({ do: "go", isNearlySpent: true });
});

test.each(["wait", "everything", "skip"] as const)("beyond it, what is configured is done: %s", (over) => {
  expect(judgeBudget({ usd: 1 }, { usd: 10, over }, 9.5).do).toBe(over);
});

test("what costs nothing is done however much was spent", () => {
  expect(judgeBudget({ usd: 0 }, budget, 99).do).toBe("go");
  expect(judgeBudget({}, budget, 99).do).toBe("go");
});

test("without a budget anything is done", () => {
  expect(judgeBudget({ usd: 1000 }, undefined, 1000)).toEqual({ do: "go", isNearlySpent: false });
});
