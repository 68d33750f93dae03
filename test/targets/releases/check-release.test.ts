import { expect, test } from "vitest";
import { checkRelease } from "../../../src/targets/ssh/releases/check-release.ts";
import type { Publication } from "../../../src/targets/target.ts";
import { bytes, metaOf, relPath } from "../../doubles/site-file.ts";

const publication: Publication = {
  phases: [
    { name: "pages", changes: [{ kind: "put", file: metaOf("頁.html", bytes(5)), reason: "content" }] },
    { name: "deletions", changes: [{ kind: "delete", path: relPath("gone.html"), size: 3 }] },
  ],
  missingDirs: [],
  emptied: [],
};
const before = new Map([
  ["頁.html", 4],
  ["gone.html", 3],
  ["stays.css", 7],
]);

function check(after: Record<string, number>): () => void {
  return () => checkRelease("20261122T100000-abcdef", before, publication, new Map(Object.entries(after)));
}

test("a release that is what was to be built passes, whatever came besides", () => {
  expect(check({ "頁.html": 5, "stays.css": 9, "other.html": 1 })).not.toThrow();
});

test.each([
  [{ "stays.css": 7 }, "頁.html is missing"],
  [{ "頁.html": 4, "stays.css": 7 }, "頁.html has 4 bytes instead of 5"],
  [{ "頁.html": 5, "stays.css": 7, "gone.html": 3 }, "gone.html is still there"],
  [{ "頁.html": 5 }, "stays.css is lost"],
])("a release of %j is refused: %s", (after, why) => {
  expect(check(after)).toThrow(
    expect.objectContaining({ code: "release-incomplete", message: expect.stringContaining(why) }),
  );
});
