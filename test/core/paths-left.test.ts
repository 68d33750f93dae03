import { expect, test } from "vitest";
import { pathsLeft } from "../../src/core/paths-left.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { parseRelPath, type RelPath } from "../../src/core/rel-path.ts";

const addresses = { baseUrls: ["https://www.example.jp/", "https://example.jp/支社/"] };
const scope = new Set(
  ["index.html", "会社/index.html", "会社/沿革.html", "news/a b.html", "画像.svg"].flatMap(
    (path) => parseRelPath(path) ?? [],
  ),
);

function left(...items: PurgeItem[]): RelPath[] | string {
  const rest = pathsLeft(scope, items, addresses);
  return rest === scope ? "all of it" : rest === "everything" ? rest : [...rest];
}

const at = (path: string) => encodeURI(path);

test.each<[string, PurgeItem[], string[] | string]>([
  ["nothing", [], []],
  ["a page", [{ kind: "exact", path: at("/会社/沿革.html") }], ["会社/沿革.html"]],
  ["a page of another host", [{ kind: "exact", path: at("/支社/画像.svg") }], ["画像.svg"]],
  ["an index page by its directory", [{ kind: "exact", path: at("/会社/") }], ["会社/index.html"]],
  ["an index page without its slash", [{ kind: "exact", path: at("/会社") }], ["会社/index.html"]],
  ["a clean address", [{ kind: "exact", path: "/news/a%20b" }], ["news/a b.html"]],
  ["a clean address in lower case of hex", [{ kind: "exact", path: "/news/a%20b/" }], ["news/a b.html"]],
  ["a directory", [{ kind: "directory", path: at("/会社/") }], ["会社/index.html", "会社/沿革.html"]],
  ["the root's directory", [{ kind: "directory", path: "/" }], "every path"],
  ["a tag", [{ kind: "tag", tag: "news" }], "all of it"],
  ["everything", [{ kind: "everything" }], "all of it"],
  ["an address of nothing", [{ kind: "exact", path: "/no/such.html" }], "all of it"],
  ["an address that can't be read", [{ kind: "exact", path: "/%E3%81" }], "all of it"],
])("of %s that was not accepted, just that is left", (_what, items, expected) => {
  expect(left(...items)).toEqual(expected === "every path" ? [...scope] : expected);
});

test("of everything, everything is left as soon as anything is", () => {
  expect(pathsLeft("everything", [{ kind: "exact", path: "/" }], addresses)).toBe("everything");
  expect(pathsLeft("everything", [], addresses)).toEqual(new Set());
});
