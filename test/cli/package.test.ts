import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeWorkspace, treeOf } from "./workspace.ts";

const CHECKOUT = join(import.meta.dirname, "../..");
let dir: string;
let installed: string;

// As a user gets it: what `npm pack` holds, built, in a folder named package. Only its libraries are the checkout's.
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "smartsync-package-"));
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: CHECKOUT, stdio: "pipe" });
  run("npm", "pack", "--pack-destination", dir);
  const [archive = ""] = readdirSync(dir);
  run("tar", "-xzf", join(dir, archive), "-C", dir);
  installed = join(dir, "package");
  symlinkSync(join(CHECKOUT, "node_modules"), join(installed, "node_modules"));
}, 120_000);
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  rmSync(join(CHECKOUT, "dist"), { recursive: true, force: true });
});

test("the package holds what runs and what is read, and no sources or tests", () => {
  const own = readdirSync(installed).filter((name) => name !== "node_modules");
  expect(own.sort()).toEqual(["LICENSE", "README.md", "bin", "dist", "docs", "package.json", "schema.json"]);
  expect(readdirSync(join(installed, "dist"))).toContain("cli");
});

test("the packaged command delivers a site that is large enough for its threads", () => {
  using workspace = makeWorkspace();
  workspace.configure({ www: { type: "local", path: "./www" } });
  workspace.publish(
    Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`記事/${n % 50}/page${n}.html`, `<h1>${n}</h1>`])),
  );
  const cli = (...args: string[]) =>
    execFileSync(process.execPath, [join(installed, "bin/smartsync.js"), ...args], {
      cwd: workspace.dir,
      encoding: "utf8",
    });
  cli("push", "--yes");
  expect(treeOf(join(workspace.dir, "www"))).toEqual(treeOf(workspace.source));
  expect(cli("plan", "--exit-code")).toContain("2,500 unchanged");
});
