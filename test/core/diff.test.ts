import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathOf } from "../../src/core/change.ts";
import { diff } from "../../src/core/diff.ts";
import { anyPolicy, anySource, anyTarget } from "./arbitraries.ts";
import { local, remote } from "./snapshots.ts";

const everything = { force: false, excluded: () => false };

describe("diff", () => {
  test("says why each file is sent", () => {
    const source = local({ "new.html": "a", "edited.html": "a", "touched.html": "a", "same.html": "a" });
    const there = remote({ "edited.html": "b", "touched.html": null, "same.html": "a" });
    const reasons = (force: boolean) =>
      diff(source, there, { ...everything, force }).map(
        (change) => change.kind === "put" && [pathOf(change), change.reason],
      );
    const changed = [
      ["edited.html", "content"],
      ["new.html", "new"],
      ["touched.html", "unknown"],
    ];
    expect(reasons(false)).toEqual(changed);
    expect(reasons(true)).toEqual([changed[0], changed[1], ["same.html", "forced"], changed[2]]);
  });

  test("deletes what the source no longer has, also what nobody knows the content of", () => {
    const changes = diff(local({}), remote({ "旧.html": "old", "半分.html": null }), everything);
    expect(changes).toEqual([
      { kind: "delete", path: "半分.html", size: 0 },
      { kind: "delete", path: "旧.html", size: 3 },
    ]);
  });

  test("finds nothing between a source and a target that holds it", () => {
    fc.assert(
      fc.property(anySource, (source) => {
        const files = new Map([...source.files].map(([path, { size, sha256 }]) => [path, { path, size, sha256 }]));
        expect(diff(source, { files, state: "1" }, everything)).toEqual([]);
      }),
    );
  });

  test("gives each path once, in path order", () => {
    fc.assert(
      fc.property(
        anySource,
        anyTarget({ foldsCase: false, foldsUnicode: false }),
        anyPolicy,
        (source, there, policy) => {
          const paths = diff(source, there, policy).map(pathOf);
          expect(paths).toEqual([...new Set(paths)].sort());
        },
      ),
    );
  });
});
