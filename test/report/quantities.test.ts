import { describe, expect, test } from "vitest";
import { countOf, formatBytes, formatDuration, formatPercent, formatRate } from "../../src/report/quantities.ts";

describe("quantities", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [12_345, "12.3 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1_234_567_890, "1.2 GB"],
  ])("%i bytes are shown as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, "0.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.6, "1 min 00 s"],
    [200, "3 min 20 s"],
    [3900, "1 h 05 min"],
    [100_000, "1 d 3 h"],
  ])("%d seconds are shown as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test("one thing is singular, none and many are plural", () => {
    expect([0, 1, 1200].map((count) => countOf(count, "file"))).toEqual(["0 files", "1 file", "1,200 files"]);
    expect(countOf(2, "entry", "entries")).toBe("2 entries");
  });

  test("a rate needs time to have passed", () => {
    expect(formatRate(1_000_000, 2)).toBe("500 kB/s");
    expect(formatRate(1_000_000, 0)).toBe("");
  });

  test("it is 100% only when everything is done", () => {
    expect(formatPercent(0.999)).toBe("99%");
    expect(formatPercent(1)).toBe("100%");
  });
});
