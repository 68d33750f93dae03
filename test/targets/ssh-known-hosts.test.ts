import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findKnownKeys } from "../../src/targets/ssh/find-known-keys.ts";
import { fingerprintOf, hostKeyAlgorithms, judgeHostKey, keyType } from "../../src/targets/ssh/judge-host-key.ts";
import { makeKey, run } from "../servers/ssh-keys.ts";

const scratch = mkdtempSync(join(tmpdir(), "smartsync-known-hosts-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const one = makeKey(scratch, "one", "ed25519");
const two = makeKey(scratch, "two", "ed25519");
const rsa = makeKey(scratch, "rsa", "rsa");

const blob = (publicKey: string) => Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
/** The fingerprints of the keys that a text names for a host. */
const known = (text: string, host: string, port = 22) =>
  findKnownKeys(text, "file", host, port).map(({ key }) => fingerprintOf(key));
/** What is said of a host that shows key one. */
const judge = (text: string, host = "web1.example.jp", port = 22) =>
  judgeHostKey(findKnownKeys(text, "/known_hosts", host, port), blob(one.publicKey));

test("a fingerprint and a type are what ssh-keygen shows", () => {
  for (const key of [one, rsa]) {
    expect(fingerprintOf(blob(key.publicKey))).toBe(key.fingerprint);
    expect(keyType(blob(key.publicKey))).toBe(key.publicKey.split(" ")[0]);
  }
});

test.each([
  ["web1.example.jp", "web1.example.jp", true],
  ["web1.example.jp", "WEB1.example.JP", true],
  ["WEB1.example.jp", "web1.example.jp", true],
  ["web1.example.jp", "web1xexample.jp", false],
  ["192.0.2.1,web1.example.jp", "web1.example.jp", true],
  ["*.example.jp", "web1.example.jp", true],
  ["*.example.jp", "example.jp", false],
  ["web?.example.jp", "web12.example.jp", false],
  ["*.example.jp,!web1.example.jp", "web1.example.jp", false],
  ["!web1.example.jp,*.example.jp", "web2.example.jp", true],
  ["!web1.example.jp", "web2.example.jp", false],
  ["2001:db8::1", "2001:db8::1", true],
])("an entry for %s names %s: %s", (hosts, host, expected) => {
  expect(known(`${hosts} ${one.publicKey} コメント`, host)).toEqual(expected ? [one.fingerprint] : []);
});

test("a port other than 22 is named in brackets; an entry without one speaks for a key there, never against one", () => {
  const text = `[web1.example.jp]:2222 ${one.publicKey}`;
  expect(known(text, "web1.example.jp", 2222)).toEqual([one.fingerprint]);
  expect(known(text, "web1.example.jp", 2223)).toEqual([]);
  expect(known(text, "web1.example.jp")).toEqual([]);
  expect(judge(`web1.example.jp ${one.publicKey}`, "web1.example.jp", 2222)).toMatchObject({ verdict: "trusted" });
  expect(judge(`web1.example.jp ${two.publicKey}`, "web1.example.jp", 2222)).toEqual({ verdict: "unknown" });
});

test("names that ssh-keygen has hashed are found", () => {
  const file = join(scratch, "hashed");
  writeFileSync(file, `web1.example.jp ${one.publicKey}\n[web1.example.jp]:2222 ${two.publicKey}\n`);
  run("ssh-keygen", "-q", "-H", "-f", file);
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain("example");
  expect(known(text, "Web1.example.jp")).toEqual([one.fingerprint]);
  expect(known(text, "web1.example.jp", 2222)).toContain(two.fingerprint);
  expect(known(text, "web2.example.jp")).toEqual([]);
});

test("comments, certificate authorities and lines that say nothing are passed over", () => {
  const text = [
    `# web1.example.jp ${one.publicKey}`,
    `@cert-authority web1.example.jp ${one.publicKey}`,
    "web1.example.jp",
    "web1.example.jp ssh-ed25519",
    "",
    `|2|c2FsdA==|aGFzaA== ${one.publicKey}`,
  ].join("\r\n");
  expect(known(text, "web1.example.jp")).toEqual([]);
});

test("a key is trusted when one of several entries has it", () => {
  const text = `web1.example.jp ${two.publicKey}\n*.example.jp ${one.publicKey}\n`;
  expect(judge(text)).toMatchObject({ verdict: "trusted", known: { at: "/known_hosts:2" } });
});

test("another key of the same type is a change, told with its line, before one of another type", () => {
  const text = `web1.example.jp ${rsa.publicKey}\n\nweb1.example.jp ${two.publicKey}\n`;
  expect(judge(text)).toMatchObject({ verdict: "changed", known: { type: "ssh-ed25519", at: "/known_hosts:3" } });
  expect(judge(`web1.example.jp ${rsa.publicKey}`)).toMatchObject({ verdict: "changed", known: { type: "ssh-rsa" } });
});

test("a revoked key is refused, even if another entry trusts it", () => {
  const text = `web1.example.jp ${one.publicKey}\n@revoked * ${one.publicKey}\n`;
  expect(judge(text)).toMatchObject({ verdict: "revoked", known: { at: "/known_hosts:2" } });
  expect(judge(`@revoked * ${two.publicKey}`)).toEqual({ verdict: "unknown" });
});

test("the server is asked first for the types of key that are known of it", () => {
  const keys = findKnownKeys(`web1.example.jp ${rsa.publicKey}`, "file", "web1.example.jp", 22);
  expect(hostKeyAlgorithms(keys).slice(0, 4)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-ed25519"]);
  expect(hostKeyAlgorithms([])[0]).toBe("ssh-ed25519");
  expect(hostKeyAlgorithms([], ["ssh-ed25519", "ssh-rsa"])).toEqual([
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
  ]);
});
