import { describe, expect, test } from "vitest";
import { foldingOf, type NameRules, nameFault } from "../../src/core/names.ts";

const linux: NameRules = {
  foldsCase: false,
  foldsUnicode: false,
  maxSegmentBytes: 255,
  maxPathBytes: 4096,
  windows: false,
};
const windows: NameRules = { ...linux, windows: true };

describe("nameFault", () => {
  test.each(["index.html", "会社 概要/地図.png", "...", ".htaccess", "a:b", "con", "trailing.", "😀.html"])(
    "finds nothing wrong with %j on a Linux server",
    (path) => expect(nameFault(path, linux)).toBeUndefined(),
  );

  test.each(["a\nb", "a\rb", "a\0b"])("refuses %j everywhere, as it would end a line of the protocol", (path) => {
    expect(nameFault(path, linux)).toMatch(/line break/);
  });

  test("refuses half a character, which no encoding can write", () => {
    expect(nameFault("\ud83d.html", linux)).toMatch(/Unicode/);
  });

  test.each([
    ["trailing./a", /dot/],
    ["trailing ", /space/],
    ["a\tb", /control/],
    ["a\\b", /control character or one of/],
    ["NUL", /device/],
    ["data/com1.tar.gz", /device/],
    ["lpt³", /device/],
    ["aux .txt", /device/],
  ])("refuses %j by Windows rules", (path, why) => {
    expect(nameFault(path, windows)).toMatch(why);
  });

  test.each(["console.html", "com.html", "com10", "nul-1.css", "日本語 の名前.html", ".well-known/x"])(
    "finds nothing wrong with %j by Windows rules",
    (path) => expect(nameFault(path, windows)).toBeUndefined(),
  );

  test("counts bytes, not characters, in segments and in the whole path", () => {
    expect(nameFault("あ".repeat(85), linux)).toBeUndefined();
    expect(nameFault(`a/${"あ".repeat(86)}`, linux)).toMatch(/258 bytes.*255/);
    expect(nameFault("あ/".repeat(1024), { ...linux, maxPathBytes: 4095 })).toMatch(/4096 bytes.*4095/);
  });

  test("asks the target's encoding where it has one", () => {
    const encodedLength = (name: string) => (name.includes("한") ? null : name.length * 2);
    expect(nameFault("한국.html", { ...linux, encodedLength })).toMatch(/encoding/);
    expect(nameFault("あ".repeat(127), { ...linux, encodedLength })).toBeUndefined();
    expect(nameFault("あ".repeat(128), { ...linux, encodedLength })).toMatch(/256 bytes/);
  });
});

describe("foldingOf", () => {
  const same = (rules: Pick<NameRules, "foldsCase" | "foldsUnicode">, a: string, b: string) => {
    const fold = foldingOf(rules);
    return fold(a) === fold(b);
  };

  test("keeps every name apart on a target that folds nothing", () => {
    expect(same(linux, "A", "a")).toBe(false);
    expect(same(linux, "が", "か\u3099")).toBe(false);
  });

  test("folds case alone, Unicode normalisation alone, or both", () => {
    expect(same({ foldsCase: true, foldsUnicode: false }, "Index.HTML", "index.html")).toBe(true);
    expect(same({ foldsCase: true, foldsUnicode: false }, "が", "か\u3099")).toBe(false);
    expect(same({ foldsCase: false, foldsUnicode: true }, "が", "か\u3099")).toBe(true);
    expect(same({ foldsCase: false, foldsUnicode: true }, "が.HTML", "か\u3099.html")).toBe(false);
    expect(same({ foldsCase: true, foldsUnicode: true }, "É.HTML", "e\u0301.html")).toBe(true);
  });

  test.each([
    ["σ", "ς"],
    ["k", "\u212a"],
    ["ＡＢＣ", "ａｂｃ"],
  ])("takes %s and %s for one letter where case is folded", (a, b) => {
    expect(same({ foldsCase: true, foldsUnicode: false }, a, b)).toBe(true);
  });
});
