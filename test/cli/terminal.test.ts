import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeWorkspace, type Workspace } from "./workspace.ts";

const launcher = fileURLToPath(new URL("../../bin/smartsync.js", import.meta.url));

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
  workspace.publish({ "index.html": "<h1>会社</h1>", "お知らせ/2026.html": "news" });
  workspace.configure({ copy: { type: "local", path: "./published" } });
});
afterEach(() => workspace[Symbol.dispose]());

/** Runs smartsync on a terminal of its own (script(1) makes one), and types `keys` once it shows `prompt`. */
async function onTerminal(args: readonly string[], keys: string, prompt = "Deliver 2 files to copy?") {
  const command = `stty cols 80 rows 24; exec ${[process.execPath, launcher, ...args].join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: workspace.dir,
    env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8", NO_COLOR: "1" },
  });
  let output = "";
  let typed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (typed || !output.includes(prompt)) return;
    typed = true;
    child.stdin.write(keys);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output, screen: stripVTControlCharacters(output) };
}

const delivered = () => existsSync(join(workspace.dir, "published", "お知らせ", "2026.html"));

describe("push on a terminal", () => {
  test("shows the plan, asks, and delivers on a yes", async () => {
    const { code, screen } = await onTerminal(["push"], "y\r");
    expect(screen).toContain("/お知らせ/2026.html");
    expect(screen).toContain("Deliver 2 files to copy?");
    expect(screen).toContain("✓ delivered  copy  2 sent");
    expect(code).toBe(0);
    expect(delivered()).toBe(true);
  });

  test.each([
    ["a no", "n\r"],
    ["Ctrl-C", "\u0003"],
  ])("touches nothing on %s, and the history says that it was stopped", async (_, keys) => {
    const { code } = await onTerminal(["push"], keys);
    expect(code).toBe(130);
    expect(delivered()).toBe(false);
    expect((await workspace.run(["history"])).stdout).toContain("! stopped");
  });

  test("does not ask with --yes", async () => {
    const { code, screen } = await onTerminal(["push", "--yes"], "");
    expect(screen).not.toContain("Deliver 2 files");
    expect(code).toBe(0);
    expect(delivered()).toBe(true);
  });

  test("ends within seconds on Ctrl-C, with the cursor visible again", async () => {
    workspace.configure({ copy: { type: "local", path: "./published" } }, { settle: 600 });
    const startedAt = performance.now();
    const { code, output } = await onTerminal(["push"], "\u0003", "waiting for the source to be quiet");
    expect(code).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(output.lastIndexOf("\u001b[?25h")).toBeGreaterThan(output.lastIndexOf("\u001b[?25l"));
    expect(output).toContain("\u001b[?25l");
  });
});
