import { describe, expect, test } from "vitest";
import { createStyle, wantsColours } from "../../src/report/style.ts";

describe("colours", () => {
  test.each([
    ["a terminal has them", true, true, {}, true],
    ["a pipe has none", false, true, {}, false],
    ["--no-color takes them away", true, false, {}, false],
    ["NO_COLOR takes them away", true, true, { NO_COLOR: "1" }, false],
    ["an empty NO_COLOR means nothing", true, true, { NO_COLOR: "" }, true],
    ["FORCE_COLOR brings them to a pipe", false, true, { FORCE_COLOR: "1" }, true],
    ["NO_COLOR is stronger than FORCE_COLOR", false, true, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
    ["a dumb terminal has none", true, true, { TERM: "dumb" }, false],
  ])("%s", (_, terminal, flag, env, expected) => {
    expect(wantsColours(terminal, flag, env)).toBe(expected);
  });

  test("without them text is left as it is", () => {
    expect(createStyle(false).bad("失敗")).toBe("失敗");
    expect(createStyle(true).bad("失敗")).toBe("\u001b[31m失敗\u001b[39m");
  });
});
