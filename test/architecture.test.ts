import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** What each folder of src may import, besides itself. Imports run one way. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  lib: [],
  cloud: ["core", "lib"],
  config: ["core", "lib", "targets", "cdns"],
  site: ["core", "lib"],
  targets: ["core", "lib", "cloud"],
  cdns: ["core", "lib", "cloud"],
  state: ["core", "lib"],
  report: ["core", "lib"],
  deploy: ["config", "site", "targets", "cdns", "state", "report", "core", "lib"],
  triggers: ["deploy", "config", "site", "targets", "cdns", "state", "report", "core", "lib"],
  cli: ["triggers", "deploy", "config", "site", "targets", "cdns", "state", "report", "core", "lib"],
};

/** Node's modules that touch nothing outside the process, and the pure libraries the core may use. */
const PURE = ["node:crypto", "node:zlib", "node:buffer", "picomatch", "zod"];

/** What a library costs at start-up is paid only by who uses it: these are imported where they are needed, at run time. */
const HEAVY = [
  "basic-ftp",
  "@inquirer/prompts",
  "iconv-lite",
  "@aws-sdk/client-s3",
  "@aws-sdk/client-cloudfront",
  "google-auth-library",
];

const files = (await Array.fromAsync(glob("src/**/*.ts"))).sort();
const sources = files.map((file) => ({ file, text: readFileSync(file, "utf8") }));

function folderOf(file: string): string {
  return normalize(file).split("/")[1] ?? "";
}

function importsOf(text: string): { specifier: string; typeOnly: boolean }[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm);
  return [...found].map((match) => ({ specifier: match[2] ?? match[3] ?? "", typeOnly: match[1] !== undefined }));
}

function crossings(of: string, allowed: (specifier: string, file: string) => boolean): string[] {
  return sources
    .filter(({ file }) => folderOf(file) === of)
    .flatMap(({ file, text }) =>
      importsOf(text)
        .filter(({ specifier }) => !allowed(specifier, file))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );
}

test.each(Object.keys(MAY_IMPORT))("src/%s imports only what lies below it", (folder) => {
  const wrong = crossings(folder, (specifier, file) => {
    if (!specifier.startsWith(".")) return true;
    const to = folderOf(join(dirname(file), specifier));
    return to === folder || (MAY_IMPORT[folder] ?? []).includes(to);
  });
  expect(wrong).toEqual([]);
});

test("every folder of src is known here", () => {
  const folders = new Set(files.map(folderOf));
  expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
});

test("the core is pure: no I/O, no clock, no randomness", () => {
  expect(crossings("core", (specifier) => specifier.startsWith(".") || PURE.includes(specifier))).toEqual([]);
  const impure = sources.filter(
    ({ file, text }) =>
      folderOf(file) === "core" && /Date\.now|new Date\(\)|Math\.random|randomUUID|process\./.test(text),
  );
  expect(impure.map(({ file }) => file)).toEqual([]);
});

test("the configuration knows targets and CDNs only through their registries", () => {
  const wrong = crossings(
    "config",
    (specifier) =>
      !/\/(targets|cdns)\//.test(specifier) ||
      /(targets\/(index|target)|cdns\/(index|cdn|cdn-settings))\.ts$/.test(specifier),
  );
  expect(wrong).toEqual([]);
});

test("adapters never import each other", () => {
  const adapters = files.flatMap((file) => /^src\/targets\/([^/]+)\/\1-target\.ts$/.exec(file)?.[1] ?? []);
  expect(adapters).toEqual(expect.arrayContaining(["ftps", "local"]));
  const adapterOf = (file: string) => adapters.find((adapter) => normalize(file).startsWith(`src/targets/${adapter}/`));
  const wrong = crossings("targets", (specifier, file) => {
    const own = adapterOf(file);
    if (own === undefined || !specifier.startsWith(".")) return true;
    const other = adapterOf(join(dirname(file), specifier));
    return other === undefined || other === own;
  });
  expect(wrong).toEqual([]);
});

test("only the command line ends the process or writes to the terminal", () => {
  const outside = sources.filter(
    ({ file, text }) =>
      !["cli", "report"].includes(folderOf(file)) && /process\.(exit|stdout|stderr)|console\./.test(text),
  );
  expect(outside.map(({ file }) => file)).toEqual([]);
});

test("heavy libraries are loaded only when they are used", () => {
  const entry = sources.filter(({ file }) =>
    /targets\/(index|[^/]+\/[^/]+-target)\.ts$|src\/cdns\/[^/]+\.ts$/.test(file),
  );
  const eager = entry.flatMap(({ file, text }) =>
    importsOf(text)
      .filter(({ specifier, typeOnly }) => !typeOnly && HEAVY.includes(specifier))
      .map(({ specifier }) => `${file} imports ${specifier}`),
  );
  expect(entry.length).toBeGreaterThan(0);
  expect(eager).toEqual([]);
});

test("everything exported says what it gives", () => {
  const silent = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/(?:^|\n)([^\n]*)\nexport (?:async )?(?:function\*?|const|interface|type|class) (\w+)/g)]
      .filter((match) => !/\*\/\s*$/.test(match[1] ?? ""))
      .map((match) => `${file}: ${match[2]}`),
  );
  expect(silent).toEqual([]);
});

test("a file is one idea: none is longer than 250 lines", () => {
  const long = sources.filter(({ text }) => text.split("\n").length > 250);
  expect(long.map(({ file }) => file)).toEqual([]);
});
