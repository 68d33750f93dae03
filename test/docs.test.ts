import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { glob, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { commands } from "../src/cli/commands.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { GUARDS } from "../src/core/guard.ts";
import { createRedactor } from "../src/lib/redact.ts";

const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...(await Array.fromAsync(glob("docs/**/*.md"))).sort()];
const textOf = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));

/** A page's lines outside of code blocks, and the code blocks by language. */
function readPage(page: string) {
  const blocks: { language: string; text: string }[] = [];
  const prose = (textOf.get(page) ?? "").replace(/^```(\w*)\n([\s\S]*?)^```$/gm, (_, language, text) => {
    blocks.push({ language, text });
    return "";
  });
  return { prose, blocks };
}

/** What the real `--help` says, its wrapped lines put together. */
function helpOf(...command: string[]) {
  const { stdout, status } = spawnSync(process.execPath, ["bin/smartsync.js", ...command, "--help"], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const part = (title: string) => new RegExp(`^${title}:\n((?: {2}.*\n)+)`, "m").exec(stdout)?.[1] ?? "";
  // A line that is indented further goes on with what the one before it says.
  const rows = (title: string) =>
    part(title)
      .replace(/\n {4,}/g, " ")
      .matchAll(/^ {2}(\S.*?)(?: {2,}(.*))?$/gm)
      .map(([, left, right]) => `${left} → ${right}`)
      .toArray();
  return { usage: /^Usage: (.*)$/m.exec(stdout)?.[1], options: rows("Options"), commands: rows("Commands") };
}

/** The sections of docs/commands.md by their headings, subsections included. */
const sections = new Map(
  (textOf.get("docs/commands.md") ?? "")
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text] as const),
);

function optionTable(section: string): string[] {
  const rows = (sections.get(section) ?? "").matchAll(/^\| `(-[^`]+)` \| (.*) \|$/gm);
  return [...rows].map(([, flags, meaning]) => `${flags} → ${meaning}`);
}

describe("docs/commands.md", () => {
  const names = commands.map(({ name }) => name);
  const overview = helpOf();

  test("has a section for every command that --help lists, and no other", () => {
    const listed = overview.commands.map((row) => row.split(" ")[0]).filter((name) => name !== "help");
    expect([...sections.keys()].filter((heading) => heading !== "For every command")).toEqual(listed);
    expect(listed).toEqual(names);
  });

  test("lists the options that every command takes", () => {
    expect(optionTable("For every command")).toEqual(overview.options);
  });

  test.each(names)("tells the usage and the options of %s as its --help does", (name) => {
    const { usage, options } = helpOf(name);
    expect(sections.get(name)).toContain(`\`\`\`sh\n${usage}\n\`\`\``);
    expect(optionTable(name)).toEqual(options);
  });
});

/** The command lines a page shows: in the middle of its text, and in its code blocks, cron and CI files included. */
function commandLinesOf(page: string): string[] {
  const { prose, blocks } = readPage(page);
  const inline = [...prose.matchAll(/`smartsync ([^`]+)`/g)];
  const shown = /^(?:\$ |\s*- (?:run: )?|[\d*/ ]+ {2})?smartsync ([^|#>\n]+)/gm;
  return [...inline, ...blocks.flatMap(({ text }) => [...text.matchAll(shown)])].map(([, line = ""]) => line);
}

test("every command line in the documents names commands and options that exist", () => {
  const everywhere = flagsOf(helpOf().options);
  const flags = new Map(commands.map(({ name }) => [name, [...everywhere, ...flagsOf(helpOf(name).options)]]));
  const lines = pages.flatMap((page) => commandLinesOf(page).map((line) => ({ page, line })));
  const wrong = lines.filter(({ line }) => {
    const words = line.trim().split(" ");
    const known = words.flatMap((word) => flags.get(word) ?? []);
    const isOverview = /^(--help|--version|help \w+|<command> --help)$/.test(line.trim());
    return (
      !isOverview &&
      !(flags.has(words[0] ?? "") && words.every((word) => !word.startsWith("-") || known.includes(word)))
    );
  });
  expect(lines.length).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
});

function flagsOf(rows: readonly string[]): string[] {
  return rows.flatMap((row) => [...(row.split(" → ")[0] ?? "").matchAll(/--?[a-zA-Z][a-z-]*/g)].map(([flag]) => flag));
}

/** The anchors GitHub makes from a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = readPage(page).prose.matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every relative link leads to a file that is there, and to a heading in it", async () => {
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    for (const [, to = ""] of readPage(page).prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(to)) continue;
      links++;
      const [path = "", anchor] = to.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      const found = await stat(file).then(
        () => true,
        () => false,
      );
      if (!found || (anchor !== undefined && !anchorsOf(file).includes(anchor))) broken.push(`${page}: ${to}`);
    }
  }
  expect(links).toBeGreaterThan(30);
  expect(broken).toEqual([]);
});

test("every page is linked from the README", () => {
  const linked = [...readPage("README.md").prose.matchAll(/\]\(([^)#\s]+\.md)/g)].map(([, to]) => to);
  expect(pages.filter((page) => page !== "README.md" && !linked.includes(page))).toEqual([]);
});

describe("the configurations shown in the documents", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-docs-"));
  await mkdir(join(scratch, "public"));
  afterAll(() => rm(scratch, { recursive: true }));
  const shown = pages.flatMap((page) =>
    readPage(page)
      .blocks.filter(({ language, text }) => language === "yaml" && /^sites:/m.test(text))
      .map(({ text }, at) => ({ page, at: at + 1, text })),
  );

  test("are found", () => expect(shown.length).toBeGreaterThan(6));

  test.each(shown)("$page: number $at loads without a warning", async ({ text }) => {
    const file = join(scratch, "smartsync.yaml");
    await writeFile(file, completed(text));
    const { warnings } = await loadConfig(file, createRedactor());
    expect(warnings).toEqual([]);
  });
});

/** A page about CDNs leaves out the targets behind them, and one about checks the CDNs: they may be any. */
function completed(text: string): string {
  const { sites, targets, cdns } = parse(text) as Shown;
  const all = (key: "targets" | "cdns", settings: (name: string) => object) =>
    Object.fromEntries(Object.values(sites).flatMap((site) => (site[key] ?? []).map((name) => [name, settings(name)])));
  return [
    text,
    ...(targets ? [] : [stringify({ targets: all("targets", (name) => ({ type: "local", path: `./copy-${name}` })) })]),
    ...(cdns ? [] : [stringify({ cdns: all("cdns", () => ({ type: "nginx", nodes: ["http://10.0.0.11"] })) })]),
  ].join("\n");
}

interface Shown {
  readonly sites: Record<string, { readonly targets?: string[]; readonly cdns?: string[] }>;
  readonly targets?: object;
  readonly cdns?: object;
}

describe("docs/troubleshooting.md", async () => {
  const named = [...readPage("docs/troubleshooting.md").prose.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(
    ([, cell = ""]) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = ""]) => code),
  );
  const sources = await Array.fromAsync(glob("src/**/*.ts"), (file) => readFileSync(file, "utf8"));

  test("names no code that does not exist", () => {
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter((code) => !sources.some((text) => text.includes(`"${code}"`)))).toEqual([]);
  });

  test("names every code and every guard", () => {
    const thrown = sources.flatMap((text) => [...text.matchAll(/\bcode: "([a-z-]+)"/g)].map(([, code = ""]) => code));
    const text = textOf.get("docs/troubleshooting.md") ?? "";
    const missing = [...new Set([...thrown, ...GUARDS])].filter((code) => !text.includes(`\`${code}\``));
    expect(thrown.length).toBeGreaterThan(60);
    expect(missing).toEqual([]);
  });
});

test("no document holds a path of the machine it was written on", () => {
  const wrong = [...textOf].filter(([, text]) => /\/work\/|\/tmp\/docs|root@/.test(text)).map(([page]) => page);
  expect(wrong).toEqual([]);
});
