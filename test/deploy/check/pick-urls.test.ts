import fc from "fast-check";
import { expect, test } from "vitest";
import type { RelPath } from "../../../src/core/rel-path.ts";
import { type PickInput, pickUrls } from "../../../src/deploy/check/pick-urls.ts";

const BASE = "https://www.example.jp/";

function input(
  changed: readonly string[],
  settings: Partial<PickInput["settings"]> = {},
  gone: readonly string[] = [],
): PickInput {
  return {
    addresses: { baseUrls: [BASE], cleanUrls: "none" },
    changed: changed as RelPath[],
    expected: (path) => (changed.includes(path) && !gone.includes(path) ? { sha256: `hash of ${path}` } : undefined),
    settings: { urls: [], sample: 10, compare: "content", ...settings },
  };
}

function picked(from: PickInput): string[] {
  return pickUrls(from).map(({ url }) => decodeURIComponent(url.href.slice(BASE.length)));
}

const names = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom("", "news/", "会社/", "a/b/c/"), fc.nat(40), fc.constantFrom(".html", ".css", ".png"))
    .map(([folder, at, ending]) => `${folder}${at}${ending}`),
  { maxLength: 60 },
);

test("the same changes give the same addresses, in whatever order they come", () => {
  fc.assert(
    fc.property(names, fc.nat(20), (changed, sample) => {
      const one = picked(input(changed, { sample }));
      expect(picked(input([...changed].reverse(), { sample }))).toEqual(one);
      expect(one).toHaveLength(Math.min(sample, changed.length));
      expect(new Set(one).size).toBe(one.length);
    }),
  );
});

test("pages come first, and every folder is seen before one is seen twice", () => {
  const changed = ["a/1.html", "a/2.html", "a/3.html", "b/1.html", "c/d/1.html", "1.css", "index.html", "x.png"];
  expect(picked(input(changed, { sample: 4 })).sort()).toEqual(["", "a/1.html", "b/1.html", "c/d/1.html"]);
  expect(picked(input(changed, { sample: 7 })).slice(4)).toEqual(["a/2.html", "a/3.html", "1.css"]);
});

test("of more folders than addresses, those that are seen are spread over all of them", () => {
  const changed = Array.from({ length: 100 }, (_, at) => `${String(at).padStart(2, "0")}/index.html`);
  expect(picked(input(changed, { sample: 4 }))).toEqual(["00/", "25/", "50/", "75/"]);
});

test("what is gone is among them, however few it is", () => {
  const changed = Array.from({ length: 50 }, (_, at) => `news/${at}.html`);
  const looks = pickUrls(input(changed, { sample: 2 }, ["news/33.html"]));
  expect(looks.map(({ wanted }) => wanted)).toContain("gone");
});

test("files that servers keep to themselves are left out, and .well-known is not", () => {
  expect(picked(input([".htaccess", "a/.htpasswd", ".git/x.html", ".well-known/security.txt"]))).toEqual([
    ".well-known/security.txt",
  ]);
});

test("what the server makes anew for each visitor is to be there, and no more", () => {
  expect(pickUrls(input(["form.php", "news.shtml"])).map(({ wanted }) => wanted)).toEqual(["there", "there"]);
});

test("a must-have is asked for at every address of the site, by the file that visitors get there", () => {
  const from = input(["index.html", "採用/index.html", "about.html"], {
    urls: ["/", "/採用/", "/about", "/api/health"],
    sample: 0,
  });
  const baseUrls = [BASE, "https://example.jp/"];
  const looks = pickUrls({ ...from, addresses: { baseUrls, cleanUrls: "none" } });
  expect(looks.map(({ url, wanted }) => [url.href, wanted])).toEqual([
    ["https://www.example.jp/", { sha256: "hash of index.html" }],
    ["https://example.jp/", { sha256: "hash of index.html" }],
    ["https://www.example.jp/%E6%8E%A1%E7%94%A8/", { sha256: "hash of 採用/index.html" }],
    ["https://example.jp/%E6%8E%A1%E7%94%A8/", { sha256: "hash of 採用/index.html" }],
    ["https://www.example.jp/about", { sha256: "hash of about.html" }],
    ["https://example.jp/about", { sha256: "hash of about.html" }],
    ["https://www.example.jp/api/health", "as-origin"],
    ["https://example.jp/api/health", "as-origin"],
  ]);
});

test("a must-have may be a whole address, of this site or another, and is looked at once", () => {
  const urls = [
    "https://WWW.example.jp/%E6%8E%A1%E7%94%A8/#top",
    "https://shop.example.jp/?item=1",
    "https://www.example.jp/%8D%CC.html",
    "/採用/",
  ];
  const looks = pickUrls(input(["採用/index.html"], { urls }));
  expect(looks.map(({ url, wanted }) => [url.href, wanted])).toEqual([
    ["https://www.example.jp/%E6%8E%A1%E7%94%A8/", { sha256: "hash of 採用/index.html" }],
    ["https://shop.example.jp/?item=1", "as-origin"],
    ["https://www.example.jp/%8D%CC.html", "as-origin"],
  ]);
});

test("a must-have that this delivery deleted is to be gone", () => {
  const looks = pickUrls(input(["sale.html"], { urls: ["/sale.html"], sample: 0 }, ["sale.html"]));
  expect(looks.map(({ wanted }) => wanted)).toEqual(["gone"]);
});

test("the sample goes round the addresses of the site", () => {
  const from = input(["a.html", "b.html", "c.html"]);
  const looks = pickUrls({ ...from, addresses: { baseUrls: [BASE, "https://例え.jp/ja/"], cleanUrls: "none" } });
  expect(looks.map(({ url }) => url.href)).toEqual([
    "https://www.example.jp/a.html",
    "https://xn--r8jz45g.jp/ja/b.html",
    "https://www.example.jp/c.html",
  ]);
});
