import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../bin/smartsync.js", import.meta.url));
const run = promisify(execFile);

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "smartsync-launcher-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

/** Installs the launcher into a folder of its own, where the running Node.js counts as too old. */
async function installForTomorrow(): Promise<string> {
  const source = await readFile(launcher, "utf8");
  const tomorrow = source.replace("const NEEDED = 24;", "const NEEDED = 999;");
  expect(tomorrow).not.toBe(source);
  await mkdir(join(root, "bin"));
  await writeFile(join(root, "package.json"), '{ "type": "module", "version": "1.2.3" }');
  await writeFile(join(root, "bin", "smartsync.js"), tomorrow);
  return join(root, "bin", "smartsync.js");
}

/** Puts a shell script in the place of the npm package "node". */
async function installNode(version: string, script: string): Promise<void> {
  const bin = join(root, "node_modules", "node", "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "..", "package.json"), JSON.stringify({ version }));
  await writeFile(join(bin, "node"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function outcomeOf(child: ChildProcess) {
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { stdout, stderr, code, signal };
}

describe("the launcher", () => {
  test.each(["--version", "-V"])("%s is the package's version", async (flag) => {
    const { version } = JSON.parse(await readFile(join(launcher, "../../package.json"), "utf8"));
    expect((await run(process.execPath, [launcher, flag])).stdout).toBe(`${version}\n`);
  });

  test("runs what was built where there are no sources, as in a published package", async () => {
    await cp(launcher, join(root, "bin", "smartsync.js"));
    await mkdir(join(root, "dist", "cli"), { recursive: true });
    await writeFile(join(root, "package.json"), '{ "type": "module" }');
    await writeFile(join(root, "dist", "cli", "main.js"), "console.log(process.argv.slice(2).join());");
    const { stdout } = await run(process.execPath, [join(root, "bin", "smartsync.js"), "push", "会社"], {
      env: { XDG_CACHE_HOME: join(root, "cache") },
    });
    expect(stdout).toBe("push,会社\n");
  });

  test("on a Node.js that is too old runs the package's own, with the same arguments and exit code", async () => {
    const bin = await installForTomorrow();
    await installNode("999.0.0", 'shift; echo "$# $*"; exit 7');
    expect(await outcomeOf(spawn(process.execPath, [bin, "push", "会社 案内", "--yes"]))).toMatchObject({
      stdout: "3 push 会社 案内 --yes\n",
      code: 7,
    });
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("hands %s on, and waits for the end", async (signal) => {
    const bin = await installForTomorrow();
    const name = signal.slice(3);
    await installNode(
      "999.0.0",
      `trap 'echo got ${name}; exit 130' ${name}\necho ready\nfor _ in $(seq 400); do sleep 0.05; done`,
    );
    const child = spawn(process.execPath, [bin, "push"]);
    child.stdout.once("data", () => child.kill(signal));
    expect(await outcomeOf(child)).toMatchObject({ stdout: `ready\ngot ${name}\n`, code: 130 });
  });

  test("dies of the signal that its own Node.js died of", async () => {
    const bin = await installForTomorrow();
    await installNode("999.0.0", "kill -KILL $$");
    expect(await outcomeOf(spawn(process.execPath, [bin]))).toMatchObject({ signal: "SIGKILL" });
  });

  test.each([
    ["there is none", undefined],
    ["the package is too old as well", "20.0.0"],
  ])("says what to install when %s", async (_, version) => {
    const bin = await installForTomorrow();
    if (version !== undefined) await installNode(version, "echo wrong");
    const { stdout, stderr, code } = await outcomeOf(spawn(process.execPath, [bin, "push"]));
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toContain(`needs Node.js 999 or newer; this is ${process.version}`);
    expect(stderr).toContain("npm install node@999");
  });
});
