import { describe, expect, test } from "vitest";
import { rootOf, stateDirOf } from "../../src/targets/files/document-root.ts";
import { ftpsTarget } from "../../src/targets/ftps/ftps-target.ts";
import { createNameCodec } from "../../src/targets/ftps/name-codec.ts";

const least = { type: "ftps", host: "ftp.example.jp", user: "deploy", password: "ひみつ" };

test("host, user and password are enough; TLS, checked certificates and 8 connections are the default", () => {
  expect(ftpsTarget.schema.parse(least)).toMatchObject({
    path: "/",
    security: "explicit",
    encoding: "utf8",
    connections: 8,
    timeout: 30,
    modes: "keep",
    mtimes: true,
  });
});

test.each([
  ["an unknown key", { verify: false }],
  ["switching verification off by another word", { insecure: true }],
  ["a fingerprint that is too short", { fingerprint: "AB:CD" }],
  ["two ways to trust at once", { ca: "ca.pem", fingerprint: "a".repeat(64) }],
  ["a path that is not absolute", { path: "public_html" }],
  ["65 connections", { connections: 65 }],
  ["permissions in words", { modes: "rw-r--r--" }],
])("%s is refused", (_what, more) => {
  expect(ftpsTarget.schema.safeParse({ ...least, ...more }).success).toBe(false);
});

test("it is described without its password, and plain FTP by its name", () => {
  const config = ftpsTarget.schema.parse({ ...least, path: "/public_html", port: 2121 });
  expect(ftpsTarget.describe(config)).toBe("ftps://deploy@ftp.example.jp:2121/public_html");
  const plain = ftpsTarget.schema.parse({ ...least, security: "none" });
  expect(ftpsTarget.describe(plain)).toBe("ftp://deploy@ftp.example.jp/");
});

test.each([
  [{ path: "/" }, "", "/.smartsync"],
  [{ path: "/public_html" }, "/public_html", "/.smartsync/public_html"],
  [{ path: "/home/deploy/www/" }, "/home/deploy/www", "/home/deploy/.smartsync/www"],
  [{ path: "/www", statePath: "/var//smartsync/" }, "/www", "/var/smartsync"],
])("the state of %o lies outside the document root where that is possible", (paths, root, state) => {
  expect(rootOf(paths)).toBe(root);
  expect(stateDirOf(paths)).toBe(state);
});

describe("names", () => {
  test.each([
    ["utf8", "ページ.html", 14],
    ["shift_jis", "ページ.html", 11],
    ["euc-jp", "ページ.html", 11],
    ["shift_jis", "🍣.html", null],
    ["shift_jis", "Zürich.html", null],
    ["utf8", "a\nb", null],
  ] as const)("in %s, %s takes %s bytes", (encoding, name, length) => {
    expect(createNameCodec(encoding).encodedLength(name)).toBe(length);
  });

  test.each(["utf8", "shift_jis", "euc-jp"] as const)("go to the wire and back in %s", (encoding) => {
    const codec = createNameCodec(encoding);
    const name = "表示能力 ソ.html";
    const wire = codec.toWire(name);
    expect([...wire].every((char) => char.charCodeAt(0) < 256)).toBe(true);
    expect(codec.fromWire(wire)).toBe(name);
  });
});
