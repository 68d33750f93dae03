import { expect, test } from "vitest";

test("the tests run on the Node.js that smartsync asks for, whatever the machine's own is", () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24);
});
