import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startSshd } from "../servers/sshd.ts";
import { onTerminal } from "./on-terminal.ts";
import { sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

const OPEN_GUARD = { maxDelete: "100%" };

const build = (n: number): Record<string, string | null> => ({
  "index.html": `<link href=/assets/桜-${n}.css>`,
  [`assets/桜-${n}.css`]: `body{order:${n}}`,
  ...(n === 1 ? {} : { [`assets/桜-${n - 1}.css`]: null }),
});

function workspaceWith(target: object, grace: string): Workspace {
  const workspace = makeWorkspace();
  onTestFinished(() => workspace[Symbol.dispose]());
  workspace.configure({ web1: target }, { grace, guard: OPEN_GUARD });
  return workspace;
}

async function run(workspace: Workspace, code: number, ...args: string[]): Promise<string> {
  const result = await workspace.run(args);
  expect(result.code, result.stdout + result.stderr).toBe(code);
  return result.stdout;
}

const css = (dir: string) => Object.keys(treeOf(dir)).filter((path) => path.endsWith(".css"));

test("a removed style sheet stays for its grace: plan, push, status and JSON say so, and it goes in its time", async () => {
  const workspace = workspaceWith({ type: "local", path: "./www" }, "1 delivery");
  const www = join(workspace.dir, "www");
  workspace.publish(build(1));
  await run(workspace, 0, "push");
  workspace.publish(build(2));
  expect(await run(workspace, 10, "plan", "--exit-code")).toContain(`
web1  2 to send (42 B) · 1 kept for 1 delivery

  1. assets: 1 file, 13 B
    +  new      /assets/桜-2.css  13 B
  2. pages: 1 file, 29 B
    ~  changed  /index.html       29 B
  left the site, kept for 1 delivery: 1 file
    =  keep     /assets/桜-1.css
`);
  expect(await run(workspace, 0, "push")).toContain("2 sent (42 B) · 1 kept · ");
  expect(css(www)).toEqual(["assets/桜-1.css", "assets/桜-2.css"]);
  expect(await run(workspace, 0, "status")).toContain(
    "3 files (1 of them kept, not in the site any more), generation 2",
  );
  expect(await run(workspace, 0, "plan", "--exit-code")).toContain("web1  nothing to do · 1 kept · 2 unchanged");

  workspace.publish(build(3));
  const events = eventsOf(await workspace.run(["push", "--json"]));
  expect(events.at(-1)).toMatchObject({ outcome: "done", targets: [{ uploaded: 2, deleted: 1, kept: 1 }] });
  expect(css(www)).toEqual(["assets/桜-2.css", "assets/桜-3.css"]);
});

test("at a terminal one is asked before files are only noted to be kept, or to be back", async () => {
  const workspace = workspaceWith({ type: "local", path: "./www" }, "7d");
  workspace.publish({ "index.html": "i", "画像/会社.svg": "<svg/>" });
  await run(workspace, 0, "push");
  workspace.publish({ "画像/会社.svg": null });
  const kept = await onTerminal(workspace.dir, ["push"], [{ once: "7 days?", keys: "y\r" }]);
  expect(kept).toMatchObject({
    code: 0,
    screen: expect.stringContaining("Keep 1 file that left the site on web1 for 7 days?"),
  });
  expect(kept.screen).toMatch(/✓ delivered {2}web1 {2}1 kept · 1 unchanged/);
  workspace.publish({ "画像/会社.svg": "<svg/>" });
  const back = await onTerminal(workspace.dir, ["push"], [{ once: "came back?", keys: "y\r" }]);
  expect(back).toMatchObject({ code: 0, screen: expect.stringContaining("Note on web1 that 1 file came back?") });
  expect(await run(workspace, 0, "plan", "--exit-code")).toContain("web1  nothing to do · 2 unchanged");
});

test("every release holds what is kept, and a rollback or a conversion changes nothing of that", async () => {
  const server = await startSshd();
  onTestFinished(() => server.stop());
  const setting = (releases: boolean) => sshSetting("sftp", server, { releases });
  const workspace = workspaceWith(setting(false), "2 deliveries");
  const push = async (n: number) => {
    workspace.publish(build(n));
    await run(workspace, 0, "push");
  };
  await push(1);
  await push(2);
  workspace.configure({ web1: setting(true) }, { grace: "2 deliveries", guard: OPEN_GUARD });
  await run(workspace, 0, "convert", "web1", "--yes");
  expect(css(server.root)).toEqual(["assets/桜-1.css", "assets/桜-2.css"]);
  expect(await run(workspace, 0, "plan", "--exit-code")).toContain("nothing to do · 1 kept");

  await push(3);
  expect(css(server.root)).toEqual(["assets/桜-1.css", "assets/桜-2.css", "assets/桜-3.css"]);
  await run(workspace, 0, "rollback", "--yes");
  expect(css(server.root)).toEqual(["assets/桜-1.css", "assets/桜-2.css"]);
  expect(await run(workspace, 0, "status")).toContain("3 files (1 of them kept");

  await push(4);
  expect(css(server.root)).toEqual(["assets/桜-2.css", "assets/桜-4.css"]);
  await push(5);
  expect(css(server.root)).toEqual(["assets/桜-2.css", "assets/桜-4.css", "assets/桜-5.css"]);
});
