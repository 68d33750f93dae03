import { expect } from "vitest";

/** Expects exactly these bytes. Says only that they differ, since a listing of megabytes would tell nobody more. */
export function expectContent(actual: Uint8Array | undefined, expected: Uint8Array, what = "the content"): void {
  expect(actual, what).toBeDefined();
  expect(actual && Buffer.compare(actual, expected) === 0, `${what} is exactly what was put`).toBe(true);
}
