import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { createRedactor } from "../../src/lib/redact.ts";
import { errorOf, loadText, scratchDir } from "./scratch.ts";

vi.mock("../../src/targets/index.ts", () => import("./registry.ts"));
vi.mock("../../src/cdns/index.ts", () => import("./registry.ts"));

const small = `sites:
  corporate:
    source: ./public
    targets: [web1]
targets:
  web1:
    type: server
    host: www.example.jp
`;

test("a small file loads with every default of a site filled in, and targets as they are written", async () => {
  const dir = await scratchDir();
  const loaded = await loadText(small, dir);
  expect(loaded).toEqual({
    file: join(dir, "smartsync.yaml"),
    dir,
    sites: {
      corporate: {
        source: "./public",
        rewriteFiles: ["**/*.{html,htm,xhtml,shtml,php,css,js,mjs,json,svg}"],
        include: [],
        exclude: [],
        htaccess: true,
        symlinks: { outside: "refuse", broken: "refuse" },
        specialFiles: "refuse",
        settle: 0,
        guard: { maxDelete: 25, maxDeleteCount: 500, maxShrink: 50, protect: [] },
        pages: ["**/*.{html,htm,xhtml,shtml,php,xml,rss,atom}"],
        publish: "ordered",
        headers: [],
        cleanUrls: "none",
        targets: ["web1"],
        cdns: [],
      },
    },
    targets: { web1: { type: "server", host: "www.example.jp" } },
    cdns: {},
    warnings: [],
  });
});

test("percentages become numbers of per cent", async () => {
  const text = small.replace("    targets:", "    guard: { maxDelete: 0%, maxShrink: 100% }\n    targets:");
  const { corporate } = (await loadText(text)).sites;
  expect(corporate?.guard).toMatchObject({ maxDelete: 0, maxShrink: 100 });
});

test("Japanese names and paths are everyday names and paths", async () => {
  const { sites, targets } = await loadText(
    small
      .replaceAll("corporate", "本社サイト")
      .replaceAll("web1", "公開サーバー_1")
      .replace("./public", "./公開/トップ"),
  );
  expect(sites.本社サイト).toMatchObject({ source: "./公開/トップ", targets: ["公開サーバー_1"] });
  expect(targets.公開サーバー_1).toEqual({ type: "server", host: "www.example.jp" });
});

test("Windows line ends and a byte order mark make no difference", async () => {
  const { sites, targets } = await loadText(`\uFEFF${small.replaceAll("\n", "\r\n")}`);
  expect(sites.corporate?.source).toBe("./public");
  expect(targets).toEqual({ web1: { type: "server", host: "www.example.jp" } });
});

test("anchors and merge keys share settings between targets", async () => {
  const { targets } = await loadText(`
sites:
  corporate: { source: ./public, targets: [web1, web2] }
targets:
  web1: &web
    type: server
    host: one.example.jp
    aliases: &names [www, ウェブ]
  web2:
    <<: *web
    host: two.example.jp
    aliases: *names
`);
  expect(targets.web2).toEqual({ type: "server", host: "two.example.jp", aliases: ["www", "ウェブ"] });
});

test("texts with placeholders are accepted where their form is ruled, and stay as they are", async () => {
  const { targets } = await loadText(`
sites:
  corporate: { source: ./public, targets: [web1] }
targets:
  web1:
    type: server
    host: \${env:HOST}
    path: \${file:root.txt}
    tls: \${command:cat tls}
    aliases: ["\${env:A_RATHER_LONG_NAME}"]
`);
  expect(targets.web1).toEqual({
    type: "server",
    host: "${env:HOST}",
    path: "${file:root.txt}",
    tls: "${command:cat tls}",
    aliases: ["${env:A_RATHER_LONG_NAME}"],
  });
});

test("a file that isn't there is named in full, with the way to make one", async () => {
  const dir = await scratchDir();
  const error = await errorOf(loadConfig(join(dir, "smartsync.yaml"), createRedactor()));
  expect(error).toMatchObject({
    kind: "config",
    code: "config-missing",
    message: `there is no configuration file ${dir}/smartsync.yaml`,
    hint: "`smartsync init` writes one; `--config <file>` or SMARTSYNC_CONFIG names another",
  });
});

test("a directory in place of the file is a configuration error too", async () => {
  const error = await errorOf(loadConfig(await scratchDir(), createRedactor()));
  expect(error).toMatchObject({ kind: "config", code: "config-unreadable" });
});

test("a file in Shift_JIS is refused for its encoding, not for what its bytes look like", async () => {
  const dir = await scratchDir();
  const shiftJis = Buffer.concat([
    Buffer.from("sites:\n  "),
    Buffer.from([0x8c, 0xf6, 0x8a, 0x4a]),
    Buffer.from(": {}"),
  ]);
  const error = await errorOf(loadText(shiftJis, dir));
  expect(error).toMatchObject({ code: "config-unreadable", message: `${dir}/smartsync.yaml is not UTF-8` });
});

test("passwords written in the file are known to the redactor from then on", async () => {
  const dir = await scratchDir();
  const redactor = createRedactor();
  await writeFile(join(dir, "smartsync.yaml"), `${small}    password: "ひみつ$\${1}"\n`, { mode: 0o600 });
  await loadConfig(join(dir, "smartsync.yaml"), redactor);
  expect(redactor.redact("PASS ひみつ${1}")).toBe("PASS ***");
});

test("a password that others can read is warned of, with the command that closes the file", async () => {
  const dir = await scratchDir();
  const file = join(dir, "smart sync.yaml");
  await writeFile(file, `${small}    password: hunter2000\n`);
  await chmod(file, 0o640);
  expect((await loadConfig(file, createRedactor())).warnings).toEqual([
    {
      code: "config-readable-by-others",
      message: `${file}:9:5 targets.web1.password is a password in a file that other users of this machine can read`,
      hint: `chmod 600 '${file}', or write \${env:NAME} in its place`,
    },
  ]);
  await chmod(file, 0o600);
  expect((await loadConfig(file, createRedactor())).warnings).toEqual([]);
});

test.each(["password", "token1"])("what is called %s makes no secret of what lies below its name", async (name) => {
  const file = join(await scratchDir(), "smartsync.yaml");
  const text = small.replaceAll("web1", name);
  expect(text).not.toBe(small);
  await writeFile(file, text, { mode: 0o644 });
  const redactor = createRedactor();
  expect((await loadConfig(file, redactor)).warnings).toEqual([]);
  expect(redactor.redact(text)).toBe(text);
  await writeFile(file, `${text}    password: hunter2000\n`);
  await loadConfig(file, redactor);
  expect(redactor.redact("PASS hunter2000")).toBe("PASS ***");
});

test("a readable file whose passwords are placeholders is not warned of", async () => {
  const file = join(await scratchDir(), "smartsync.yaml");
  await writeFile(file, `${small}    password: \${env:WEB1_PASSWORD}\n`);
  await chmod(file, 0o644);
  expect((await loadConfig(file, createRedactor())).warnings).toEqual([]);
});

test("a configuration inside the published directory is warned of", async () => {
  const dir = await scratchDir();
  const { warnings } = await loadText(small.replace("./public", "."), dir);
  expect(warnings).toEqual([
    {
      code: "config-inside-source",
      message: 'the configuration lies inside the published directory of the site "corporate"; it is never delivered',
      hint: `the CMS's own web server may show it to visitors: keep ${dir}/smartsync.yaml outside ${dir}`,
    },
  ]);
});
