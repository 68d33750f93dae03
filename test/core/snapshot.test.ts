import { describe, expect, test } from "vitest";
import { hashSnapshot } from "../../src/core/snapshot.ts";
import { local } from "./snapshots.ts";

describe("hashSnapshot", () => {
  const site = { "index.html": "one", "会社概要.html": "two" };

  test("is the same for the same site, in whatever order it was found and however old its files are", () => {
    const { files } = local(site);
    const touched = [...files.values()].map((file) => ({ ...file, mtimeMs: 0, mode: 0o600 })).reverse();
    expect(hashSnapshot({ files: new Map(touched.map((file) => [file.path, file])) })).toBe(hashSnapshot({ files }));
  });

  test.each([
    ["a content", { ...site, "index.html": "One" }],
    ["a name", { "Index.html": "one", "会社概要.html": "two" }],
    ["a file more", { ...site, "empty.html": "" }],
    ["a file less", { "index.html": "one" }],
    ["contents that change places", { "index.html": "two", "会社概要.html": "one" }],
  ])("differs by %s", (_, other) => {
    expect(hashSnapshot(local(other))).not.toBe(hashSnapshot(local(site)));
  });
});
