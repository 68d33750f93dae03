import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startSshd } from "../servers/sshd.ts";
import { expectConverges, expectPush, sshSetting } from "./ssh-setting.ts";
import { makeWorkspace, treeOf } from "./workspace.ts";

/** Everything that a shell, an option parser or a list of names could stumble over. */
const NAMES = [
  "with space.html",
  " leading and trailing ",
  `quote's "double" \`back\`.html`,
  "$(touch pwned) ${HOME} $HOME.html",
  "semi;colon & pipe | star * question ?.html",
  "back\\slash\\n.html",
  "tab\tand\x07bell\x1b[31m.html",
  "-rf",
  "--delete",
  "-",
  "~",
  "#hash%20percent.html",
  "[brackets]{braces}.html",
  "...",
  "日本語/ガ/半角ｶﾞ.html",
  "か\u3099/結合文字.html",
  "絵文字😀.html",
  `${"長".repeat(85)}`,
  `${"深い/".repeat(60)}底.html`,
  "-dir with 'quotes'/-x/page's.html",
];

test.each([
  { type: "sftp", releases: false },
  { type: "rsync", releases: false },
  { type: "rsync", releases: true },
] as const)(
  "names that anything could stumble over arrive as they are ($type, releases: $releases)",
  async ({ type, releases }) => {
    await using server = await startSshd();
    if (releases) rmdirSync(server.root);
    using workspace = makeWorkspace();
    workspace.configure(
      { web1: sshSetting(type, server, { releases }) },
      { guard: { maxDelete: "100%", maxShrink: "100%" } },
    );
    workspace.publish(Object.fromEntries(NAMES.map((name, n) => [name, `${n}`])));
    await expectConverges(workspace, server);
    expect(Object.keys(treeOf(server.root))).toHaveLength(NAMES.length);
    // Each of them replaced, and then each of them deleted.
    workspace.publish(Object.fromEntries(NAMES.map((name, n) => [name, `${n} anew`])));
    await expectConverges(workspace, server);
    expect(existsSync(join(server.home, "pwned"))).toBe(false);
    for (const name of NAMES) rmSync(join(workspace.source, name));
    workspace.publish({ "index.html": "残り" });
    await expectConverges(workspace, server);
  },
);

test("names with line breaks are refused before anything is touched, and shown on one line; without them it delivers", async () => {
  await using server = await startSshd();
  using workspace = makeWorkspace();
  workspace.configure({ web1: sshSetting("rsync", server) });
  const bad = ["line\nbreak.html", "改行\nする/頁.html", "cr\rlf.html"];
  workspace.publish({ "index.html": "会社", ...Object.fromEntries(bad.map((name) => [name, "bad"])) });
  const { output } = await expectPush(workspace, 4);
  expect(output).toMatch(/REFUSED "cr\\rlf\.html" holds a line break or NUL, and 2 more/);
  expect(treeOf(server.root)).toEqual({});
  for (const name of bad) rmSync(join(workspace.source, name));
  await expectConverges(workspace, server);
});

test("a name that is not UTF-8 is refused by its bytes before anything is touched; without it the next run delivers", async () => {
  await using server = await startSshd();
  using workspace = makeWorkspace();
  workspace.configure({ web1: sshSetting("rsync", server) });
  workspace.publish({ "index.html": "会社" });
  const dir = join(workspace.source, "資料");
  mkdirSync(dir);
  // "表.html" as Shift_JIS writes it.
  const bad = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x95, 0x5c]), Buffer.from(".html")]);
  writeFileSync(bad, "表");
  const { output } = await expectPush(workspace, 4);
  expect(output).toMatch(/資料\/[\s\S]*UTF-8/);
  expect(treeOf(server.root)).toEqual({});
  rmSync(bad);
  await expectPush(workspace, 0);
  await expectConverges(workspace, server);
});
