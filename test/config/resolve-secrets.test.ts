import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { resolveSecrets } from "../../src/config/resolve-secrets.ts";
import { createRedactor } from "../../src/lib/redact.ts";
import { targetTypes } from "./registry.ts";
import { errorOf, loadText, scratchDir } from "./scratch.ts";

vi.mock("../../src/targets/index.ts", () => import("./registry.ts"));
vi.mock("../../src/cdns/index.ts", () => import("./registry.ts"));

/** Loads a configuration whose target web1 has these lines, and resolves it. */
async function resolveLines(lines: string[], more: { env?: NodeJS.ProcessEnv; commandTimeoutMs?: number } = {}) {
  const dir = await scratchDir();
  await writeFile(join(dir, "秘密.txt"), "ファイルの秘密\r\n");
  const yaml = [
    "sites: { corporate: { source: ./public, targets: [web1] } }",
    "targets:",
    "  web1:",
    "    type: server",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
  const config = await loadText(yaml, dir);
  const target = config.targets.web1;
  if (target === undefined) throw new Error("web1 was not loaded");
  const redactor = createRedactor();
  const resolved = resolveSecrets(target, targetTypes, {
    dir,
    redactor,
    env: { PATH: process.env.PATH, ...more.env },
    ...more,
  });
  return { dir, redactor, resolved };
}

test("every kind of placeholder is replaced, defaults are filled in, and every secret is known to the redactor", async () => {
  const { resolved, redactor } = await resolveLines(
    [
      "host: ${env:SUB}.example.jp",
      "password: ${file:秘密.txt}",
      "user: ${command:printf ' %s ' \"$SUB-利用者\" | sed 's/^/ /' }",
      'aliases: ["$${env:SUB}", "a-${env:SUB}"]',
    ],
    { env: { SUB: "www2" } },
  );
  expect(await resolved).toEqual({
    type: "server",
    host: "www2.example.jp",
    port: 21,
    user: "www2-利用者",
    password: "ファイルの秘密",
    tls: "explicit",
    path: "/",
    aliases: ["${env:SUB}", "a-www2"],
  });
  expect(redactor.redact("ファイルの秘密 of www2-利用者")).toBe("*** of ***");
});

test("a password made of a secret and other text is hidden as a whole", async () => {
  const { resolved, redactor } = await resolveLines(["host: a.example.jp", "password: pre-${env:P}-post"], {
    env: { P: "hunter2000" },
  });
  expect(await resolved).toMatchObject({ password: "pre-hunter2000-post" });
  expect(redactor.redact("login pre-hunter2000-post refused")).toBe("login *** refused");
});

test("every secret that can't be had is told at once, each with the place of its key", async () => {
  const { resolved, dir } = await resolveLines(
    [
      "host: ${env:HOST}",
      "user: ${env:EMPTY}",
      "password: ${file:nothing.txt}",
      "path: ${command:echo 鍵がありません >&2; exit 3}",
      "aliases: [a, \"${command:printf '   '}\"]",
    ],
    { env: { EMPTY: "" } },
  );
  const error = await errorOf(resolved);
  expect(error).toMatchObject({ kind: "config", code: "secret-unavailable" });
  expect(error.message.replaceAll(`${dir}/`, "").split("\n")).toEqual([
    "smartsync.yaml:5:5 targets.web1.host: the environment variable HOST is not set",
    "smartsync.yaml:6:5 targets.web1.user: ${env:EMPTY} is empty",
    "smartsync.yaml:7:5 targets.web1.password: the secret file nothing.txt can't be read: ENOENT: no such file or directory, open 'nothing.txt'",
    "smartsync.yaml:8:5 targets.web1.path: the command `echo 鍵がありません >&2; exit 3` failed with exit code 3: 鍵がありません",
    "smartsync.yaml:9:18 targets.web1.aliases[1]: ${command:printf '   '} is empty",
  ]);
});

test("what a failing command says is shown without the secrets known so far", async () => {
  const { resolved } = await resolveLines(
    ["host: a.example.jp", "user: ${env:TOKEN}", 'password: ${command:echo "bad token $TOKEN" >&2; exit 1}'],
    { env: { TOKEN: "hunter2000" } },
  );
  const { message } = await errorOf(resolved);
  expect(message).toContain("failed with exit code 1: bad token ***");
  expect(message).not.toContain("hunter2000");
});

test("a command that doesn't end is stopped, also when it waits for input or left a child behind", async () => {
  const started = performance.now();
  const { resolved } = await resolveLines(["host: a.example.jp", "password: ${command:cat; sleep 20 | cat}"], {
    commandTimeoutMs: 300,
  });
  expect((await errorOf(resolved)).message).toContain("the command `cat; sleep 20 | cat` was stopped after 0.3 s");
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("what a placeholder stood for is held to the rules of its key", async () => {
  const { resolved, dir } = await resolveLines(["host: ${env:HOST}", "path: ${env:ROOT}", "tls: ${env:TLS}"], {
    env: { HOST: "a b", ROOT: "public_html", TLS: "implizit" },
  });
  const error = await errorOf(resolved);
  expect(error).toMatchObject({ kind: "config", code: "config-invalid" });
  expect(error.message.replaceAll(`${dir}/`, "").split("\n")).toEqual([
    "smartsync.yaml:5:5 targets.web1.host: must be a host name",
    'smartsync.yaml:7:5 targets.web1.tls: must be one of: explicit, implicit, not "***"; did you mean "implicit"?',
    'smartsync.yaml:6:5 targets.web1.path: must begin with "/"',
  ]);
});

test("settings that were not read from a file are resolved too, and named by their keys alone", async () => {
  const sources = { dir: "/", redactor: createRedactor(), env: {} };
  expect(await resolveSecrets({ type: "folder", path: "コピー" }, targetTypes, sources)).toEqual({
    type: "folder",
    path: "コピー",
  });
  const missing = await errorOf(resolveSecrets({ type: "folder", path: "${env:P}" }, targetTypes, sources));
  expect(missing.message).toBe("path: the environment variable P is not set");
  const unknown = await errorOf(resolveSecrets({ type: "tape" }, targetTypes, sources));
  expect(unknown.message).toBe('type: "tape" is no known type');
});
