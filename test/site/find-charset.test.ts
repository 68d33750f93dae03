import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { findCharset } from "../../src/site/find-charset.ts";

/** What is found in a whole file that holds this text in this encoding. */
function found(path: string, text: string, encoding = "utf-8"): string | undefined {
  return findCharset(path, iconv.encode(text, encoding), true);
}

const page = (head: string) => `<!DOCTYPE html>\n<html lang="ja">\n<head>\n${head}\n<title>会社案内</title></head>`;

describe("a page", () => {
  test.each([
    ["<meta charset>", '<meta charset="Shift_JIS">', "shift_jis"],
    ["a label of old", "<META CHARSET=x-sjis>", "shift_jis"],
    ["Microsoft's label", "<meta charset='Windows-31J'/>", "shift_jis"],
    ["EUC-JP", '<meta charset="EUC-JP">', "euc-jp"],
    [
      "http-equiv, as Movable Type writes it",
      '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS" />',
      "shift_jis",
    ],
    ["http-equiv behind content", "<meta content='text/html;charset=euc-jp' http-equiv=content-type>", "euc-jp"],
    ["ISO-2022-JP", '<meta http-equiv="content-type" content="text/html; charset=iso-2022-jp">', "iso-2022-jp"],
    ["spaces everywhere", '<meta   charset = " shift_jis "  >', "shift_jis"],
    ["the first of two", '<meta charset="euc-jp"><meta charset="shift_jis">', "euc-jp"],
    ["one behind a comment", '<!-- <meta charset="euc-jp"> --><meta charset="shift_jis">', "shift_jis"],
    ["one behind an empty comment", '<!--><meta charset="shift_jis">', "shift_jis"],
    ["one behind an unknown label", '<meta charset="日本語"><meta charset="shift_jis">', "shift_jis"],
    [
      "one behind another meta",
      '<meta name="viewport" content="width=1; charset=euc-jp"><meta charset=sjis>',
      "shift_jis",
    ],
    [
      "one behind a tag that holds one in a value",
      '<base title="<meta charset=euc-jp>"><meta charset=sjis>',
      "shift_jis",
    ],
    ["one behind a processing instruction", "<?php echo '<meta charset=euc-jp' ?><meta charset=sjis>", "shift_jis"],
    ["ISO-8859-1, which browsers take for Windows-1252", '<meta charset="iso-8859-1">', "windows-1252"],
  ])("says its encoding by %s", (_, head, encoding) => {
    expect(found("会社/index.html", page(head), iconv.encodingExists(encoding) ? encoding : "utf-8")).toBe(encoding);
  });

  test.each([
    ["UTF-8", '<meta charset="UTF-8">'],
    ["UTF-16, which it can't be in", '<meta charset="utf-16">'],
    ["nothing", ""],
    ["a pragma without its meaning", '<meta content="text/html; charset=Shift_JIS">'],
    ["a label no browser knows", '<meta charset="cp-932-x">'],
    ["something in a comment that never ends", '<!-- <meta charset="shift_jis">'],
    ["something in a word that only begins like it", '<metadata charset="shift_jis">'],
    ["something in a closing tag", '</meta charset="shift_jis">'],
  ])("in UTF-8 that says %s needs no word about it", (_, head) => {
    expect(found("index.html", page(head))).toBeUndefined();
  });

  test("says it in the first 1,024 bytes, or has not said it", () => {
    const at = (before: number) => `${" ".repeat(before)}<meta charset="shift_jis">`;
    expect(found("a.html", at(1024 - 26))).toBe("shift_jis");
    expect(found("a.html", at(1024))).toBeUndefined();
  });

  test("in XHTML of old says it in the XML declaration, and a meta tag goes before that", () => {
    const xml = '<?xml version="1.0" encoding="Shift_JIS"?>\n';
    expect(found("a.html", xml + page(""), "shift_jis")).toBe("shift_jis");
    expect(found("a.html", xml + page('<meta charset="euc-jp">'), "euc-jp")).toBe("euc-jp");
  });

  test("is known by how it begins, where its name says nothing", () => {
    expect(found("会社案内", page("<meta charset=sjis>"), "shift_jis")).toBe("shift_jis");
    expect(found("news.cgi", `\n${page("<meta charset=sjis>")}`, "shift_jis")).toBe("shift_jis");
    expect(found("memo", "<meta charset=sjis>")).toBeUndefined();
  });
});

test.each([
  ["feed.xml", '<?xml version="1.0" encoding="EUC-JP"?><rss/>', "euc-jp"],
  ["feed.rss", "<?xml version='1.0' encoding='Shift_JIS' standalone='yes'?><rss/>", "shift_jis"],
  ["図.svg", '<?xml version="1.0" encoding="utf-8"?><svg/>', undefined],
  ["feed.atom", "<feed/>", undefined],
  ["a.xml", '<meta charset="shift_jis"/>', undefined],
  ["a.css", '@charset "Shift_JIS";\nbody { font-family: "ＭＳ ゴシック" }', "shift_jis"],
  ["a.css", '@CHARSET "Shift_JIS";', undefined],
  ["a.css", ' @charset "Shift_JIS";', undefined],
  ["a.js", 'document.write("<meta charset=shift_jis>")', undefined],
])("%s: %s", (path, text, encoding) => {
  expect(found(path, text)).toBe(encoding);
});

test.each([
  ["UTF-8", Buffer.from("\ufeff<meta charset=sjis>"), undefined],
  ["UTF-16, little end first", iconv.encode("\ufeff<p>日本", "utf-16le"), "utf-16le"],
  ["UTF-16, big end first", iconv.encode("\ufeff<p>日本", "utf-16be"), "utf-16be"],
])("a byte order mark of %s goes before every word", (_, bytes, encoding) => {
  expect(findCharset("a.html", bytes, true)).toBe(encoding);
});

describe("a text that says nothing", () => {
  test.each(["shift_jis", "euc-jp"])(
    "is of an unknown encoding when it is in %s: better no word than a wrong one",
    (encoding) => {
      expect(found("一覧.csv", "番号,名前\n1,京都", encoding)).toBe("unknown");
      expect(found("a.html", `${"a".repeat(5_000)}日本語`, encoding)).toBe("unknown");
      expect(found("a.js", 'alert("日本語")', encoding)).toBe("unknown");
    },
  );

  test("is of an unknown encoding when it is in ISO-2022-JP, which looks like ASCII", () => {
    const bytes = Buffer.from("\x1b$BF|K\\8l\x1b(B"); // 日本語
    expect(findCharset("a.txt", bytes, true)).toBe("unknown");
  });

  test("in UTF-8 is known as such wherever it is cut, if it goes on", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "日", "𠮷"), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, fc.nat(), (all, at) => {
        const bytes = Buffer.from(all);
        expect(findCharset("a.txt", bytes.subarray(0, at % (bytes.length + 1)), false)).toBeUndefined();
      }),
    );
    expect(findCharset("a.txt", Buffer.from("日").subarray(0, 2), true)).toBe("unknown");
  });
});

test("what is no text has no encoding", () => {
  fc.assert(
    fc.property(fc.constantFrom("a.png", "a.pdf", "a.zip", "a.woff2", "a.json"), fc.uint8Array(), (path, bytes) => {
      expect(findCharset(path, Buffer.from(bytes), true)).toBeUndefined();
    }),
  );
});

test("nothing that a page can hold breaks it", () => {
  const pieces = fc.constantFrom(
    "<",
    ">",
    "!--",
    "--",
    "<meta ",
    "charset",
    "=",
    '"',
    "'",
    "/",
    " ",
    "sjis",
    "\0",
    "<?xml",
    "é",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      expect([undefined, "shift_jis", "unknown"]).toContain(found("a.html", parts.join("")));
    }),
    { numRuns: 500 },
  );
});
