import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRelPath } from "../../src/core/rel-path.ts";
import { type Serving, type ServingHeaders, servingHash } from "../../src/core/serving.ts";
import { compileHeaders, type HeaderRule } from "../../src/site/headers.ts";

interface Given {
  readonly size?: number;
  readonly charset?: string;
}

function serve(path: string, rules: readonly HeaderRule[] = [], { size = 6_000, charset }: Given = {}): Serving {
  const parsed = parseRelPath(path);
  if (parsed === undefined) throw new Error(`${path} is no path`);
  return compileHeaders(rules)({ path: parsed, size, ...(charset === undefined ? {} : { charset }) });
}

/** The headers without their hash. */
function headers(...given: Parameters<typeof serve>): ServingHeaders {
  const { hash, ...rest } = serve(...given);
  return rest;
}

const rule = (match: string, rest: Omit<HeaderRule, "match">): HeaderRule => ({ match: [match], ...rest });

describe("by default the content type follows from the extension", () => {
  test.each([
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTM", "text/html; charset=utf-8"],
    ["include/header.shtml", "text/html; charset=utf-8"],
    ["a.xhtml", "application/xhtml+xml; charset=utf-8"],
    ["会社/様式.css", "text/css; charset=utf-8"],
    ["app.js", "text/javascript; charset=utf-8"],
    ["app.mjs", "text/javascript; charset=utf-8"],
    ["data.json", "application/json"],
    ["main.js.map", "application/json"],
    ["site.webmanifest", "application/manifest+json"],
    ["sitemap.xml", "application/xml; charset=utf-8"],
    ["feed.rss", "application/rss+xml; charset=utf-8"],
    ["feed.atom", "application/atom+xml; charset=utf-8"],
    ["robots.txt", "text/plain; charset=utf-8"],
    ["logo.svg", "image/svg+xml; charset=utf-8"],
    ["写真.avif", "image/avif"],
    ["写真.jpg", "image/jpeg"],
    ["a.webp", "image/webp"],
    ["favicon.ico", "image/vnd.microsoft.icon"],
    ["a.woff2", "font/woff2"],
    ["a.wasm", "application/wasm"],
    ["資料.pdf", "application/pdf"],
    ["README", "application/octet-stream"],
    ["html", "application/octet-stream"],
    [".htaccess", "application/octet-stream"],
    ["news.d/html", "application/octet-stream"],
    ["a.unheard-of", "application/octet-stream"],
    ["a.", "application/octet-stream"],
  ])("%s: %s", (path, contentType) => {
    expect(serve(path).contentType).toBe(contentType);
  });

  test("svgz is svg that is compressed already", () => {
    expect(headers("図.svgz")).toEqual({ contentType: "image/svg+xml; charset=utf-8", contentEncoding: "gzip" });
  });
});

describe("by default", () => {
  const IMMUTABLE = "public, max-age=31536000, immutable";

  test("pages are asked for again each time", () => {
    expect(headers("index.html")).toEqual({ contentType: "text/html; charset=utf-8", cacheControl: "no-cache" });
    expect(headers("a.xhtml").cacheControl).toBe("no-cache");
    expect(headers("a.0f3a9c1b.html").cacheControl).toBe("no-cache");
    expect(headers("会社案内", [rule("会社案内", { contentType: "text/html" })]).cacheControl).toBe("no-cache");
  });

  test.each([
    "name.0f3a9c1b.js",
    "name-0f3a9c1b.css",
    "name_0f3a9c1b.css",
    "assets/写真.0f3a9c1b.jpg",
    "main.0f3a9c1b.js.map",
    "main.0f3a9c1b.chunk.min.css",
    "style.min.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.css",
    "application-d41d8cd98f00b204e9800998ecf8427e.css",
  ])("%s has a hash in its name and is kept for a year", (path) => {
    expect(headers(path).cacheControl).toBe(IMMUTABLE);
  });

  test.each([
    "app.js",
    "report-2026-11-22.pdf",
    "report-20261122.pdf",
    "photo_20261122093000.jpg",
    "tel-0312345678.png",
    "item-a1234567.jpg",
    "20261122a.jpg",
    "main-defaced.css",
    "main.deadbeef.css",
    "feedface-cafebabe.png",
    "0f3a9c1b.js",
    "assets/0f3a9c1b/app.js",
    "a-0f3a9c1.js",
    "main.0F3A9C1B.js",
    "photo-550e8400-e29b-41d4-a716-4466554abc12.jpg",
    "jquery-3.7.1.min.js",
    "main.0f3a9c1b",
    "main.0f3a9c1b.2026",
  ])("%s has none, and nothing is said of how long it keeps", (path) => {
    expect(headers(path)).not.toHaveProperty("cacheControl");
  });
});

describe("the encoding of a text", () => {
  test("is the one it says itself, else UTF-8, and none where it is not known", () => {
    expect(serve("a.html", [], { charset: "shift_jis" }).contentType).toBe("text/html; charset=shift_jis");
    expect(serve("a.css", [], { charset: "euc-jp" }).contentType).toBe("text/css; charset=euc-jp");
    expect(serve("a.csv", [], { charset: "unknown" }).contentType).toBe("text/csv");
  });

  test("is as a rule says, whatever the text says", () => {
    const said = { charset: "euc-jp" };
    expect(serve("a.html", [rule("*", { charset: "Shift_JIS" })], said).contentType).toBe(
      "text/html; charset=Shift_JIS",
    );
    expect(serve("a.html", [rule("*", { charset: "none" })], said).contentType).toBe("text/html");
    expect(serve("a.json", [rule("*", { charset: "utf-8" })]).contentType).toBe("application/json; charset=utf-8");
    const whole = rule("*", { contentType: 'text/plain; Charset="Shift_JIS"; format=flowed' });
    expect(serve("a.html", [whole], said).contentType).toBe("text/plain; format=flowed; charset=Shift_JIS");
  });

  test("is still the text's own where a rule says only what kind of text it is", () => {
    const rules = [rule("*", { contentType: "text/html" })];
    expect(serve("会社案内", rules, { charset: "shift_jis" }).contentType).toBe("text/html; charset=shift_jis");
    expect(serve("a.html", [rule("*", { contentType: "image/png" })]).contentType).toBe("image/png");
  });

  test("of a later rule wins, whether it is said alone or with the type", () => {
    const alone = rule("*", { charset: "euc-jp" });
    const together = rule("*", { contentType: "text/html; charset=Shift_JIS" });
    expect(serve("a", [alone, together]).contentType).toBe("text/html; charset=Shift_JIS");
    expect(serve("a", [together, alone]).contentType).toBe("text/html; charset=euc-jp");
  });
});

describe("rules", () => {
  const general = rule("**", {
    cacheControl: "max-age=60",
    contentLanguage: "ja",
    metadata: { owner: "web", team: "a" },
  });

  test("that match all count, and of two that say the same the later wins", () => {
    const english = rule("/en/", { contentLanguage: "en", metadata: { team: "b" } });
    expect(headers("en/a.pdf", [general, english])).toEqual({
      contentType: "application/pdf",
      cacheControl: "max-age=60",
      contentLanguage: "en",
      metadata: { owner: "web", team: "b" },
    });
    expect(headers("en/a.pdf", [english, general])).toMatchObject({ contentLanguage: "ja", metadata: { team: "a" } });
    expect(headers("日本/a.pdf", [general, english])).toMatchObject({ contentLanguage: "ja" });
  });

  test("take a header away with none, a default as well", () => {
    const none = rule("*", {
      cacheControl: "none",
      contentLanguage: "none",
      metadata: { owner: "none", team: "none" },
      redirect: "none",
    });
    expect(headers("a.html", [general, none])).toEqual({ contentType: "text/html; charset=utf-8" });
    expect(headers("a.html", [none, general])).toMatchObject({ cacheControl: "max-age=60", contentLanguage: "ja" });
    const noOwner = rule("*", { metadata: { owner: "none" } });
    expect(headers("a.html", [general, noOwner]).metadata).toEqual({ team: "a" });
  });

  test("say everything that can be served", () => {
    const all = {
      cacheControl: "no-store",
      contentEncoding: "br",
      contentDisposition: "inline",
      contentLanguage: "ja",
      metadata: { "build-id": "42" },
      redirect: "/new/",
    };
    expect(headers("old.html", [rule("/old.html", all)])).toEqual({ contentType: "text/html; charset=utf-8", ...all });
  });

  test("give a file for download its Japanese name, and leave every other disposition as it is written", () => {
    const rules = [rule("*", { contentDisposition: "attachment" })];
    expect(headers("a b.pdf", rules).contentDisposition).toBe("attachment");
    expect(headers("資料/会社 (案内)'*.pdf", rules).contentDisposition).toBe(
      "attachment; filename*=UTF-8''%E4%BC%9A%E7%A4%BE%20%28%E6%A1%88%E5%86%85%29%27%2A.pdf",
    );
    const named = "attachment; filename=a.pdf";
    expect(headers("資料.pdf", [rule("*", { contentDisposition: named })]).contentDisposition).toBe(named);
    expect(headers("資料.pdf", [rule("*", { contentDisposition: "inline" })]).contentDisposition).toBe("inline");
  });
});

describe("compression", () => {
  const gzip = rule("**", { compress: "gzip" });

  test("is of texts and the like, and says so in the headers and in the hash", () => {
    const serving = serve("a.html", [gzip]);
    expect(serving).toMatchObject({
      compress: "gzip",
      contentEncoding: "gzip",
      contentType: "text/html; charset=utf-8",
    });
    expect(serving.hash).toMatch(/^gzip-[0-9a-f]{16}$/);
    for (const path of ["a.css", "a.js", "a.json", "a.svg", "a.xml", "a.csv", "a.wasm", "a.ttf", "a.webmanifest"])
      expect([path, serve(path, [gzip]).compress]).toEqual([path, "gzip"]);
  });

  test.each(["a.png", "a.jpg", "a.woff2", "a.mp4", "a.zip", "a.pdf", "README", "a.svgz"])(
    "leaves %s as it is",
    (path) => {
      const { compress, hash, contentEncoding } = serve(path, [gzip]);
      expect([compress, hash.slice(0, 6)]).toEqual([undefined, "plain-"]);
      expect(contentEncoding).toBe(path === "a.svgz" ? "gzip" : undefined);
    },
  );

  test("is of whatever a rule names on purpose, by its extension", () => {
    expect(serve("a.pdf", [rule("**/*.{html,pdf}", { compress: "br" })]).compress).toBe("br");
    expect(serve("資料/a.PDF", [rule("*.PDF", { compress: "zstd" })]).compress).toBe("zstd");
    expect(serve("pdf/a.pdf", [rule("/pdf/**", { compress: "br" })]).compress).toBeUndefined();
    expect(serve("README", [rule("*.{html,}", { compress: "br" })]).compress).toBeUndefined();
  });

  test("spares what is so small that it gains nothing", () => {
    expect(serve("a.html", [gzip], { size: 1023 }).compress).toBeUndefined();
    expect(serve("a.html", [gzip], { size: 1024 }).compress).toBe("gzip");
  });

  test("is chosen by the last rule that says it, and none is a choice", () => {
    expect(serve("a.html", [gzip, rule("*.html", { compress: "br" })]).contentEncoding).toBe("br");
    expect(headers("a.html", [gzip, rule("*.html", { compress: "none" })])).not.toHaveProperty("contentEncoding");
  });

  test("is not done twice: a rule's content encoding says that the file is compressed already", () => {
    const packed = rule("*.html", { contentEncoding: "br" });
    expect(serve("a.html", [packed, gzip])).toMatchObject({ contentEncoding: "br" });
    expect(serve("a.html", [packed, gzip])).not.toHaveProperty("compress");
    expect(serve("a.svgz", [rule("*.svgz", { contentEncoding: "none", compress: "gzip" })]).compress).toBe("gzip");
  });
});

describe("files that are served alike", () => {
  const serveMany = compileHeaders([rule("/en/", { contentLanguage: "en" }), rule("*.txt", { contentLanguage: "en" })]);
  const at = (path: string, given: Given = {}) =>
    serveMany({ path: path as ReturnType<typeof parseRelPath> & string, size: 10, ...given });

  test("share one object, however it came about", () => {
    expect(at("a.html")).toBe(at("b/c.html", { size: 99_999 }));
    expect(at("a.html")).toBe(at("b.htm"));
    expect(at("en/a.txt")).toBe(at("a.txt"));
    expect(at("a.html")).not.toBe(at("a.html", { charset: "shift_jis" }));
  });

  test("have a hash that is of their headers", () => {
    const paths = fc.constantFrom("a.html", "en/a.html", "a.0f3a9c1b.js", "資料.pdf", "a");
    const charsets = fc.constantFrom(undefined, "shift_jis", "unknown");
    fc.assert(
      fc.property(paths, charsets, fc.nat(2_000), (path, charset, size) => {
        const { hash, ...rest } = at(path, { size, ...(charset === undefined ? {} : { charset }) });
        expect(hash).toBe(servingHash(rest));
      }),
    );
  });

  test("are alike whatever was served before them", () => {
    const rules = [rule("*.pdf", { contentDisposition: "attachment" }), rule("**", { compress: "gzip" })];
    const file = fc.record({
      path: fc.constantFrom("a.html", "資料.pdf", "案内.pdf", "b.pdf", "a.0f3a9c1b.js", "a.js", "x/資料.pdf"),
      size: fc.constantFrom(10, 6_000),
      charset: fc.constantFrom(undefined, "shift_jis", "unknown"),
    });
    fc.assert(
      fc.property(fc.array(file), (files) => {
        const served = compileHeaders(rules);
        for (const { path, size, charset } of files) {
          const given = { size, ...(charset === undefined ? {} : { charset }) };
          expect(served({ path: path as Parameters<typeof served>[0]["path"], ...given })).toEqual(
            serve(path, rules, given),
          );
        }
      }),
    );
  });
});
