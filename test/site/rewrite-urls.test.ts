import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRewrite, type RewriteRule } from "../../src/site/rewrite-urls.ts";

const RULE: RewriteRule = { cmsUrl: "https://cms.example.jp/" };

/** Rewrites a whole file given in these chunks. */
function rewriteChunks(chunks: readonly Uint8Array[], rule: RewriteRule): Buffer {
  const rewriter = compileRewrite(rule)();
  return Buffer.concat([...chunks.map((chunk) => rewriter.push(chunk)), rewriter.end()]);
}

function rewrite(text: string, rule = RULE): string {
  return rewriteChunks([Buffer.from(text)], rule).toString();
}

test.each(["utf-8", "shift-jis", "euc-jp"])("a page in %s comes out as it is meant to, byte for byte", (encoding) => {
  const read = (folder: string) =>
    readFileSync(new URL(`../../fixtures/sites/cms-links/${folder}/${encoding}.html`, import.meta.url));
  expect(rewriteChunks([read("source")], RULE)).toEqual(read("expected"));
});

test.each([
  ["the site itself becomes the root", '"https://cms.example.jp"', '"/"'],
  ["a query right after the host", '"https://cms.example.jp?page=2"', '"/?page=2"'],
  ["the whole file is the URL", "https://cms.example.jp", "/"],
  ["a quotation mark escaped in a script", '"<a href=\\"https://cms.example.jp/\\">"', '"<a href=\\"/\\">"'],
  ["a line break escaped in a script", '"see\\nhttps://cms.example.jp/a.html"', '"see\\n/a.html"'],
  ["a quotation mark escaped as in WordPress", "\\u0022https:\\/\\/cms.example.jp\\/a\\u0022", "\\u0022\\/a\\u0022"],
  ["several in a row", "https://cms.example.jp/ https://cms.example.jp/a", "/ /a"],
])("%s", (_, before, after) => {
  expect(rewrite(before)).toBe(after);
});

test.each([
  ["a host that only begins so", "https://cms.example.jp.evil/"],
  ["a host that only begins so, escaped", "https:\\/\\/cms.example.jp.evil\\/"],
  ["another port", "https://cms.example.jp:8080/"],
  ["a user name that looks like the host", "https://cms.example.jp@evil.example/"],
  ["another scheme", "http://cms.example.jp/"],
  ["no scheme", '"//cms.example.jp/"'],
  ["two slashes, which would name another host", '"https://cms.example.jp//evil.example/"'],
  ["two slashes, escaped", '"https:\\/\\/cms.example.jp\\/\\/evil.example\\/"'],
  ["a slash and a backslash, which browsers take for two slashes", '"https://cms.example.jp/\\\\evil.example/"'],
  ["a parameter of another URL", '"https://share.example/?a=1&amp;u=https://cms.example.jp/a.html"'],
  ["a parameter with a very long name", `"/share?a=1&amp;${"p".repeat(64)}=https://cms.example.jp/a.html"`],
  ["a part of another URL's path", '"https://archive.example/https://cms.example.jp/a.html"'],
  ["the end of a word", "xhttps://cms.example.jp/"],
])("left alone: %s", (_, text) => {
  expect(rewrite(text)).toBe(text);
});

test.each<[RewriteRule, string, string]>([
  [{ cmsUrl: "https://cms.example.jp/blog/" }, "https://cms.example.jp/blog/a.html", "/blog/a.html"],
  [{ cmsUrl: "https://cms.example.jp/blog" }, "https://cms.example.jp/blog", "/blog"],
  [{ cmsUrl: "https://cms.example.jp/blog/" }, "https://cms.example.jp/blogger/", "https://cms.example.jp/blogger/"],
  [{ cmsUrl: "https://cms.example.jp/blog/" }, "https://cms.example.jp/", "https://cms.example.jp/"],
  [{ cmsUrl: "https://cms.example.jp/blog/", url: "https://www.example.jp/" }, "https://cms.example.jp/blog/a", "/a"],
  [{ cmsUrl: "https://cms.example.jp/blog/", url: "https://www.example.jp/" }, "https://cms.example.jp/blog", "/"],
  [{ cmsUrl: "https://cms.example.jp/", url: "https://www.example.jp/corp/" }, "https://cms.example.jp/a", "/corp/a"],
  [
    { cmsUrl: "https://cms.example.jp/", url: "https://www.example.jp/corp" },
    "https:\\/\\/cms.example.jp\\/a",
    "\\/corp\\/a",
  ],
  [{ cmsUrl: "http://localhost:8080/" }, "http://localhost:8080/a", "/a"],
])("with %j, %s becomes %s", (rule, before, after) => {
  expect(rewrite(before, rule)).toBe(after);
});

test("a binary file is left alone, even when it holds the address", () => {
  const binary = Buffer.from(`GIF89a\0\0 https://cms.example.jp/a.html ${"x".repeat(20_000)} https://cms.example.jp/`);
  expect(rewriteChunks([binary], RULE)).toEqual(binary);
  expect(rewriteChunks([binary.subarray(0, 3), binary.subarray(3)], RULE)).toEqual(binary);
});

/** Texts of the pieces that decide, so that cuts fall into the middle of addresses and of what surrounds them. */
const anyPieces = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom("https://cms.example.jp", "https:\\/\\/cms.example.jp", "https://cms.exam"),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom("/", "\\/", '"', "&quot;", "&amp;", "?u=", "\\u0022", "\\n", ".", "a", "日本"),
    },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 68 }).map((length) => `?${"p".repeat(length)}=`) },
    { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
  ),
  { maxLength: 20 },
);

test("what comes out does not depend on where the file is cut", () => {
  const anyStart = fc.constantFrom(0, 8_180, 8_190, 8_192, 8_200).map((length) => "y".repeat(length));
  const anyLengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
  fc.assert(
    fc.property(anyStart, anyPieces, anyLengths, (start, pieces, lengths) => {
      const text = Buffer.from(`${start} ${pieces.join("")}`);
      let rest = text;
      const chunks = [start.length, ...lengths].map((length) => {
        const chunk = rest.subarray(0, length);
        rest = rest.subarray(length);
        return chunk;
      });
      const inPieces = rewriteChunks([...chunks, rest], RULE);
      expect(inPieces.toString()).toBe(rewriteChunks([text], RULE).toString());
    }),
    { numRuns: 6_000 },
  );
});

test("every address that remains is one that must", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "é", " ", '"', "'", "<", "\n"), { maxLength: 20 }), (between) => {
      const text = between.map((separator) => `<a href="https://cms.example.jp/p">${separator}`).join("");
      expect(rewrite(text)).toBe(text.replaceAll("https://cms.example.jp", ""));
    }),
  );
});

test("bytes that are no text in any encoding come through as they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1, maxLength: 300 }), (bytes) => {
      expect(rewriteChunks([bytes], RULE)).toEqual(Buffer.from(bytes));
    }),
  );
});
