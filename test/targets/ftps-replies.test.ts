import { expect, test } from "vitest";
import {
  parseEpsv,
  parsePasv,
  type Reply,
  replyError,
  saysExists,
  saysMissing,
  saysTooMany,
} from "../../src/targets/ftps/replies.ts";

const reply = (message: string): Reply => ({ code: Number(message.slice(0, 3)), message });

test.each([
  "550 /a/x.html: No such file or directory",
  "550 Can't open /a/x.html: No such file or directory",
  "550 The system cannot find the file specified.",
  "550 /a/x.html: not found",
  "550 Sorry, but that file doesn't exist",
  "550 指定されたファイルが見つかりません。",
  "550 ファイルが存在しません",
  "550 /a/x.html: Not a directory",
])("says that the file is missing: %s", (message) => {
  expect(saysMissing(reply(message), "/a/x.html")).toBe(true);
});

test.each([
  "550 Failed to open file.",
  "550 Could not get file size.",
  "550 /a/x.html: Permission denied",
  "550 No such file or permission denied",
  "421 Timeout, no such file for now",
  "250 No such file or directory",
])("does not say for certain that the file is missing: %s", (message) => {
  expect(saysMissing(reply(message), "/a/x.html")).toBe(false);
});

test("what a path itself says is no evidence", () => {
  const path = "/記事/No such file or directory";
  expect(saysMissing(reply(`550 ${path}: Input error`), path)).toBe(false);
  expect(saysMissing(reply("550 No such file or directory: busy"), path)).toBe(false);
  expect(saysExists(reply("550 /already/exists: no room"), "/already/exists")).toBe(false);
});

test.each([
  ["550 Can't create directory: File exists", true],
  ["521 /a already there", true],
  ["550 既に存在します", true],
  ["550 Create directory operation failed.", false],
  ["550 Parent does not exist", false],
  ["257 created, exists now", false],
])("a directory that exists already: %s is %s", (message, expected) => {
  expect(saysExists(reply(message), "/a")).toBe(expected);
});

test.each([
  "421 There are too many connections from your internet address.",
  "421 8 users (the maximum) are already logged in, sorry",
  "530 Sorry, the maximum number of clients (3) from your host are already connected.",
  "530 Too many users",
])("there are too many connections: %s", (message) => {
  expect(saysTooMany(reply(message))).toBe(true);
});

test("a wrong password is not too many connections", () => {
  expect(saysTooMany(reply("530 Login incorrect."))).toBe(false);
});

test.each([
  ["229 Entering Extended Passive Mode (|||41921|)", 41921],
  ["229 Entering Extended Passive Mode (!!!6446!)", 6446],
  ["229 no port", undefined],
  ["500 EPSV not understood (|||41921|)", undefined],
])("EPSV: %s", (message, port) => {
  expect(parseEpsv(reply(message))).toBe(port);
});

test.each([
  ["227 Entering Passive Mode (10,1,2,3,155,176).", 155 * 256 + 176],
  ["227 =127,0,0,1,4,1", 1025],
  ["227 Entering Passive Mode", undefined],
  ["425 Can't (1,2,3,4,5,6)", undefined],
])("PASV gives a port and never an address: %s", (message, port) => {
  expect(parsePasv(reply(message))).toBe(port);
});

test.each([
  ["552 Quota exceeded", "config", "disk-full"],
  ["452 Insufficient storage space", "config", "disk-full"],
  ["451 Failure writing to local file.", "config", "disk-full"],
  ["550 ディスク容量が足りません", "config", "disk-full"],
  ["425 Unable to build data connection: Operation not permitted", "transient", "data-connection-lost"],
  ["522 SSL connection failed: session reuse required", "transient", "tls-session-refused"],
  ["450 File busy", "transient", "server-busy"],
  ["530 Not logged in", "auth", "login-refused"],
  ["553 Could not create file.", "config", "permission-denied"],
  ["451 Rename failure: Permission denied", "config", "permission-denied"],
  ["550 Rename failure: Is a directory", "conflict", "is-a-directory"],
  ["550 Not a directory", "conflict", "not-a-directory"],
  ["502 Command not implemented", "config", "not-supported"],
])("%s is a %s failure, %s", (message, kind, code) => {
  const error = replyError("send", "/public_html/ページ.html", reply(message));
  expect(error).toMatchObject({ kind, code });
  expect(error.message).toBe(`could not send /public_html/ページ.html: the server says "${message}"`);
});
