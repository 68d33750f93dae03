import fc from "fast-check";
import { expect, test } from "vitest";
import { hasPlaceholder, parseTemplate } from "../../src/config/template.ts";

test("placeholders are found alone and in the middle of other text", () => {
  expect(parseTemplate("${env:HOST}:${file:秘密/port.txt}/x").parts).toEqual([
    { source: "env", argument: "HOST", text: "${env:HOST}" },
    ":",
    { source: "file", argument: "秘密/port.txt", text: "${file:秘密/port.txt}" },
    "/x",
  ]);
});

test("a command may hold braces as long as they are balanced, and colons", () => {
  expect(parseTemplate("${command:awk -F: '{print $2}' f}").parts).toEqual([
    { source: "command", argument: "awk -F: '{print $2}' f", text: "${command:awk -F: '{print $2}' f}" },
  ]);
});

test("$${ stands for a plain ${, and other dollars and braces for themselves", () => {
  expect(parseTemplate("a$${env:X} $5 {b} $$").parts).toEqual(["a${env:X} $5 {b} $$"]);
});

test.each(["${", "${env:X", "${HOST}", "${env:}", "${env: }", "${vault:x}", "${:x}", "${ENV:X}"])(
  "%s is told to be wrong",
  (text) => {
    expect(parseTemplate(text).problem).toBeDefined();
    expect(hasPlaceholder(text)).toBe(true);
  },
);

test("any text comes back as it was when every ${ in it is written $${", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "a", ":", "あ") }), (text) => {
      expect(parseTemplate(text.replaceAll("${", () => "$${")).parts.join("")).toBe(text);
    }),
  );
});
