import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnsOf, padTo, printable, shorten, shortenPath } from "../../src/report/text-width.ts";

describe("the width of text", () => {
  test("Japanese characters take two columns, colours none", () => {
    expect(columnsOf("お知らせ.html")).toBe(13);
    expect(columnsOf("\u001b[31mred\u001b[39m")).toBe(3);
  });

  test("padding counts columns, not characters", () => {
    expect(padTo("お知らせ", 10)).toBe("お知らせ  ");
    expect(padTo("42", 5, "right")).toBe("   42");
  });

  test("a path is cut at its front, a sentence at its end", () => {
    expect(shortenPath("/会社案内/お知らせ.html", 14)).toBe("…お知らせ.html");
    expect(shorten("the connection was cut", 10)).toBe("the conne…");
  });

  test("a family of joined emoji is never torn apart", () => {
    expect(shortenPath("👨‍👩‍👧/👨‍👩‍👧", 4)).toBe("…/👨‍👩‍👧");
  });

  test("whatever the text, what is shortened fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 30 }), (text, width) => {
        expect(columnsOf(shorten(text, width))).toBeLessThanOrEqual(Math.max(width, 1));
        expect(columnsOf(shortenPath(text, width))).toBeLessThanOrEqual(Math.max(width, 1));
      }),
    );
  });

  test("a name can't move the cursor, start a line or turn the writing direction", () => {
    expect(printable("a\u001b[2Jb\nc\u202ed")).toBe("a\\u{1b}[2Jb\\u{a}c\\u{202e}d");
    expect(printable("お知らせ 2026.html")).toBe("お知らせ 2026.html");
  });
});
