import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directoriesOf, inPathOrder, parentsOf, parseRelPath } from "../../src/core/rel-path.ts";
import { anyPath } from "./arbitraries.ts";

describe("parseRelPath", () => {
  test.each(["index.html", "a/b/c", "...", "a/.../b", ".htaccess", "a/..b", "会社 概要.html", "-rf", "a\nb", "c:\\x"])(
    "takes %j as it is",
    (text) => expect(parseRelPath(text)).toBe(text),
  );

  test.each(["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "./a", "a/.", "a/./b", "a\0b", "\0"])(
    "refuses %j",
    (text) => expect(parseRelPath(text)).toBeUndefined(),
  );

  test("refuses exactly the texts with a segment that is empty or dots, or a NUL", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "/", ".", "\0", "\n", "山") });
    fc.assert(
      fc.property(text, (candidate) => {
        const bad =
          candidate.includes("\0") || candidate.split("/").some((segment) => ["", ".", ".."].includes(segment));
        expect(parseRelPath(candidate) === undefined).toBe(bad);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("directories", () => {
  test("above a path are given nearest first", () => {
    expect(parentsOf("a/b/c.html")).toEqual(["a/b", "a"]);
    expect(parentsOf("c.html")).toEqual([]);
  });

  test("of many paths are those above any of them", () => {
    fc.assert(
      fc.property(fc.array(anyPath), (paths) => {
        expect([...directoriesOf(paths)].sort()).toEqual([...new Set(paths.flatMap(parentsOf))].sort());
      }),
    );
  });
});

describe("inPathOrder", () => {
  test("sorts by code units and leaves what it was given alone", () => {
    const given = ["b", "あ", "B", "a/b", "a", "a.html"].map((path) => ({ path }));
    expect(inPathOrder(given).map(({ path }) => path)).toEqual(["B", "a", "a.html", "a/b", "b", "あ"]);
    expect(given[0]?.path).toBe("b");
  });
});
