import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onTerminal } from "./on-terminal.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
  workspace.publish({ "index.html": "<h1>会社</h1>", "お知らせ/2026.html": "news" });
  workspace.configure({ copy: { type: "local", path: "./published" } });
});
afterEach(() => workspace[Symbol.dispose]());

/** Runs smartsync on a terminal, and types `keys` once it shows `prompt`. */
const run = (args: readonly string[], keys: string, prompt = "Deliver 2 files to copy?") =>
  onTerminal(workspace.dir, args, [{ once: prompt, keys }]);

const delivered = () => existsSync(join(workspace.dir, "published", "お知らせ", "2026.html"));

describe("push on a terminal", () => {
  test("shows the plan, asks, and delivers on a yes", async () => {
    const { code, screen } = await run(["push"], "y\r");
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
    const { code } = await run(["push"], keys);
    expect(code).toBe(130);
    expect(delivered()).toBe(false);
    expect((await workspace.run(["history"])).stdout).toContain("! stopped");
  });

  test("does not ask with --yes", async () => {
    const { code, screen } = await run(["push", "--yes"], "");
    expect(screen).not.toContain("Deliver 2 files");
    expect(code).toBe(0);
    expect(delivered()).toBe(true);
  });

  test("ends within seconds on Ctrl-C, with the cursor visible again", async () => {
    workspace.configure({ copy: { type: "local", path: "./published" } }, { settle: 600 });
    const startedAt = performance.now();
    const { code, output } = await run(["push"], "\u0003", "waiting for the source to be quiet");
    expect(code).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(output.lastIndexOf("\u001b[?25h")).toBeGreaterThan(output.lastIndexOf("\u001b[?25l"));
    expect(output).toContain("\u001b[?25l");
  });
});
