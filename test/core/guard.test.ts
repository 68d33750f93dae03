import { describe, expect, test } from "vitest";
import { checkGuards } from "../../src/core/check-guards.ts";
import { diff } from "../../src/core/diff.ts";
import { describeGuard, GUARDS } from "../../src/core/guard.ts";
import { type GoldenCase, planOf } from "./golden.ts";
import { local, relPath } from "./snapshots.ts";

const site: GoldenCase = { name: "", local: { "index.html": "i" }, remote: { "index.html": "i" }, plan: null };

const pages = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`記事/${at}.html`, "x"]));

function messages(golden: Partial<GoldenCase>): string[] {
  return planOf({ ...site, ...golden }).refusals.map(({ guard, message }) => `${guard}: ${message}`);
}

describe("a guard", () => {
  test.each(GUARDS)("%s is described with the way to override it", (guard) => {
    const { what, allow } = describeGuard(guard);
    expect(what).not.toBe("");
    expect(allow).toContain(`--allow ${guard} `);
  });

  test("gives its figures in a way that can be read", () => {
    expect(messages({ local: pages(188), remote: pages(1000) })).toEqual([
      "shrink-limit: the source holds 188 files, the target 1,000 (81% fewer); the limit is 50%",
      "delete-limit: would delete 812 of 1,000 files (81%); the limits are 25% and 500 files",
    ]);
  });

  test("lets exactly its limit pass, and never rounds down to it", () => {
    expect(messages({ local: pages(750), remote: pages(1000) })).toEqual([]);
    expect(messages({ local: pages(749), remote: pages(1000) })).toEqual([
      "delete-limit: would delete 251 of 1,000 files (25.1%); the limit is 25%",
    ]);
    const roomy = { maxDeletePercent: 100, maxDeleteCount: 500, maxShrinkPercent: 50 };
    expect(messages({ local: pages(500), remote: pages(1000), policy: roomy })).toEqual([]);
    expect(messages({ local: pages(499), remote: pages(1000), policy: roomy })).toEqual([
      "shrink-limit: the source holds 499 files, the target 1,000 (50.1% fewer); the limit is 50%",
      "delete-limit: would delete 501 of 1,000 files (50%); the limit is 500 files",
    ]);
  });

  test("names ten paths and counts the others", () => {
    const [refusal] = planOf({
      ...site,
      local: {},
      remote: pages(12),
      policy: { allow: ["empty-source", "shrink-limit"] },
    }).refusals;
    expect(refusal?.paths).toHaveLength(10);
    expect(refusal?.count).toBe(12);
  });

  test("makes what could confuse a terminal visible", () => {
    expect(messages({ local: { "index.html": "i", "\u001b[2Jx\n.html": "x" } })).toEqual([
      'bad-name: "\\u001b[2Jx\\n.html" holds a line break or NUL',
    ]);
  });

  test("says nothing of problems outside what was selected", () => {
    const link = { path: "画像/リンク", problem: "symlink-outside", detail: "/etc", policy: "refuse" } as const;
    const only = (...patterns: string[]) => messages({ problems: [link], policy: { only: patterns } });
    expect(only("/index.html")).toEqual([]);
    expect(only("/画像/")).toEqual(['symlink: the link "画像/リンク" leads outside the source (to "/etc")']);
  });

  test("is not asked about names that were delivered before", () => {
    const windows = { windows: true };
    expect(messages({ local: { "con.html": "x" }, remote: { "con.html": "x" }, names: windows })).toEqual([]);
    expect(messages({ local: { "con.html": "y" }, remote: { "con.html": "x" }, names: windows })).toHaveLength(1);
  });
});

test("protects what somebody else put there, but not what a delivery that had passed was replacing", () => {
  const path = relPath("会社案内.html");
  const source = local({ [path]: "new" });
  const refusedGuards = (etag?: string) => {
    const there = { path, size: 3, sha256: null, ...(etag === undefined ? {} : { etag }) };
    const remote = { files: new Map([[path, there]]), state: "1:a" };
    const policy = {
      force: false,
      excluded: () => false,
      isPage: () => true,
      isProtected: () => true,
      maxDeletePercent: 100,
      maxDeleteCount: 10,
      maxShrinkPercent: 100,
      allow: new Set<never>(),
    };
    const names = { foldsCase: false, foldsUnicode: false, maxSegmentBytes: 255, maxPathBytes: 4096, windows: false };
    const changes = diff(source, remote, policy);
    const input = { site: "s", target: "t", local: source, remote, changes, policy, names, problems: [] };
    return checkGuards(input, source.files.keys()).map(({ guard }) => guard);
  };
  expect(refusedGuards("theirs")).toEqual(["protected-path"]);
  expect(refusedGuards()).toEqual([]);
});
