import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { encodeOwner } from "../../src/deploy/lock-owner.ts";
import { formatTime } from "../../src/report/local-time.ts";
import { openLocalState } from "../../src/state/local-state.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = makeWorkspace();
  workspace.publish({ "index.html": "<h1>会社</h1>", "お知らせ/2026.html": "news", "css/site.css": "body {}" });
});
afterEach(() => workspace[Symbol.dispose]());

const local = { copy: { type: "local", path: "./published" } };
const parseLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("help", () => {
  test.each(commands.map(({ name }) => name))("smartsync %s --help explains itself with examples", async (name) => {
    const { code, stdout, stderr } = await workspace.run([name, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: smartsync ${name} `));
    expect(stdout).toContain("Global Options:");
    expect(stdout).toContain(`Examples:\n  $ smartsync ${name}`);
  });

  test("without a command there is an overview, and it is wrong usage", async () => {
    const { code, stderr } = await workspace.run([]);
    expect(code).toBe(2);
    for (const { name, summary } of commands) {
      expect(stderr).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, "m"));
    }
  });

  test("a mistyped command is answered with the one that was meant", async () => {
    const { code, stderr } = await workspace.run(["puhs"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean push?");
  });

  test("wrong usage is told to programs too", async () => {
    const { code, stdout } = await workspace.run(["push", "--allow", "everything", "--json"]);
    expect(code).toBe(2);
    expect(parseLines(stdout)).toEqual([expect.objectContaining({ type: "error", kind: "config", code: "usage" })]);
  });
});

describe("init", () => {
  const answers = ["--source", "public", "--url", "https://www.example.jp/", "--type", "local", "--path", "published"];

  test("writes a configuration that a plan can be made with, and says what comes next", async () => {
    const { code, stdout } = await workspace.run(["init", "--yes", ...answers]);
    expect(code).toBe(0);
    expect(stdout).toContain("smartsync doctor");
    const plan = await workspace.run(["plan"]);
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain("copy  3 to send");
  });

  test("never replaces a configuration unasked", async () => {
    workspace.configure(local);
    const before = readFileSync(join(workspace.dir, "smartsync.yaml"), "utf8");
    const { code, stderr } = await workspace.run(["init", "--yes", ...answers]);
    expect(code).toBe(2);
    expect(stderr).toContain("exists; it is left as it is");
    expect(readFileSync(join(workspace.dir, "smartsync.yaml"), "utf8")).toBe(before);
  });

  test("without a terminal it names the option that is missing", async () => {
    const { code, stderr } = await workspace.run(["init", "--yes", "--source", "public"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--host: it is needed");
    expect(existsSync(join(workspace.dir, "smartsync.yaml"))).toBe(false);
  });

  test("a connection that does not work is told, and the configuration written to be mended", async () => {
    const args = ["init", "--yes", "--source", "public", "--host", "127.0.0.99", "--user", "deploy"];
    const { code, stderr } = await workspace.run(args, { WEB_PASSWORD: "secret-word" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*127\.0\.0\.99/);
    expect(readFileSync(join(workspace.dir, "smartsync.yaml"), "utf8")).not.toContain("secret-word");
  });
});

describe("doctor", () => {
  test("tries everything a delivery needs, and leaves nothing behind", async () => {
    workspace.configure(local);
    const { code, stdout } = await workspace.run(["doctor"]);
    expect(code, stdout).toBe(0);
    for (const check of ["configuration", "local state", "source", "connect", "write", "replace", "list", "delete"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}✓ ${check} `, "m"));
    }
    expect(stdout).toMatch(new RegExp(`state folder +${join(workspace.dir, ".smartsync", "published")}`));
    expect(readdirSync(join(workspace.dir, "published"))).toEqual([]);
    expect(await workspace.run(["doctor", "--quiet"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const last = parseLines((await workspace.run(["doctor", "--json"])).stdout).at(-1);
    expect(last).toMatchObject({ type: "done", outcome: "ok", failed: 0, warning: 0 });
  });

  test("records that are damaged are a check that fails, with the code of the error", async () => {
    workspace.configure(local);
    await workspace.run(["push"]);
    writeFileSync(join(workspace.dir, ".smartsync", "published", "head.json"), "{");
    const { code, stdout } = await workspace.run(["doctor"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ records .*\[target-state-damaged\]/);
  });

  test("a source that every push will refuse is a warning", async () => {
    workspace.configure(local);
    symlinkSync("どこにもない", join(workspace.source, "リンク"));
    const { code, stdout } = await workspace.run(["doctor"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/! source .*every push will be refused because of \/リンク/);
    expect(stdout).not.toContain("Everything a delivery needs works");
  });

  test("a check that fails says why and what to do, and the other targets are tried all the same", async () => {
    writeFileSync(join(workspace.dir, "a-file"), "");
    workspace.configure({ broken: { type: "local", path: "./a-file" }, ...local });
    const { code, stdout } = await workspace.run(["doctor", "--json"]);
    expect(code).toBe(1);
    const checks = parseLines(stdout);
    expect(checks.filter(({ outcome }) => outcome === "failed")).toEqual([
      expect.objectContaining({ target: "broken", name: "connect", hint: expect.any(String), code: "not-a-directory" }),
      expect.objectContaining({ type: "done", failed: 1 }),
    ]);
    expect(checks).toContainEqual(expect.objectContaining({ target: "copy", name: "delete", outcome: "ok" }));
  });
});

describe("plan", () => {
  beforeEach(() => workspace.configure(local));
  const planned = async (...options: string[]) => {
    const { stdout } = await workspace.run(["plan", "--json", ...options]);
    return parseLines(stdout);
  };

  test("the last event says what came of it", async () => {
    expect((await planned()).at(-1)).toMatchObject({ type: "done", outcome: "changes" });
    await workspace.run(["push"]);
    expect((await planned()).at(-1)).toMatchObject({ outcome: "unchanged", targets: [{ outcome: "unchanged" }] });
    workspace.publish({ お知らせ: null, css: null });
    expect((await planned()).at(-1)).toMatchObject({ outcome: "refused", targets: [{ outcome: "refused" }] });
    writeFileSync(join(workspace.dir, "a-file"), "");
    workspace.configure({ broken: { type: "local", path: "./a-file" }, ...local });
    expect((await planned()).at(-1)).toMatchObject({ outcome: "partial" });
  });

  test("with --quiet a refusal is a line, and what is fine is none", async () => {
    expect((await workspace.run(["plan", "--quiet"])).stdout).toBe("");
    await workspace.run(["push"]);
    workspace.publish({ お知らせ: null, css: null });
    const { stdout } = await workspace.run(["plan", "--quiet"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => /^copy: REFUSED .*--allow (\S+)\)$/.exec(line)?.[1]),
    ).toEqual(["shrink-limit", "delete-limit"]);
  });

  test("a pattern that selects nothing is a warning, one that selects something is not", async () => {
    const events = await planned("--only", "/お知らせ/", "/おしらせ/");
    expect(events.filter(({ type }) => type === "warning")).toEqual([
      expect.objectContaining({ code: "nothing-selected", message: expect.stringContaining("/おしらせ/") }),
    ]);
  });

  test("a plan that is not there is named once", async () => {
    const { code, stderr } = await workspace.run(["push", "--plan", "計画.json"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: can't use the plan 計画\.json: no such file or directory \[plan-unusable\]\n/);
  });
});

test("show says what to do when nothing was delivered yet", async () => {
  workspace.configure(local);
  const { code, stderr } = await workspace.run(["show"]);
  expect(code).toBe(2);
  expect(stderr).toContain("hint: `smartsync push` delivers");
});

test("show tells what ran on a server, what it wrote and how it ended", async () => {
  workspace.configure(local);
  const run = "20261122T100045-31409b";
  const about = { type: "hook-done", target: "web1", seconds: 0.5 } as const;
  using state = openLocalState(join(workspace.dir, ".smartsync"));
  state.runs.start({ id: run, site: "corporate", trigger: "push", startedAt: Date.now(), by: "deploy@cms" });
  state.runs.record(run, [
    {
      at: Date.now(),
      event: { ...about, when: "before", command: "nginx -t", exitCode: 0, output: "\u001b[32m構文\u001b[0m\tok\r\n" },
    },
    {
      at: Date.now(),
      event: { ...about, when: "after", command: "./warm \\\n  --all", exitCode: 7, output: "no such page\n" },
    },
    { at: Date.now(), event: { ...about, when: "after", command: "sleep 99", exitCode: null, output: "" } },
  ]);
  state.runs.finish(run, { outcome: "partial", targets: [] }, Date.now());
  const { code, stdout } = await workspace.run(["show"]);
  expect(code).toBe(0);
  expect(stdout).toContain("web1  before the delivery  ✓  0.5 s\n  $ nginx -t\n  構文    ok\n");
  expect(stdout).toContain(
    "web1  after the delivery  ✗ exit code 7  0.5 s\n  $ ./warm \\\n  $   --all\n  no such page\n",
  );
  expect(stdout).toContain("web1  after the delivery  ✗ ended  0.5 s\n  $ sleep 99\n");
});

describe("what was delivered", () => {
  beforeEach(async () => {
    workspace.configure(local);
    await workspace.run(["push"]);
  });

  test("status shows the last run and what the target holds", async () => {
    const { code, stdout } = await workspace.run(["status"]);
    expect(code).toBe(0);
    expect(stdout).toContain("last run: ✓ delivered");
    expect(stdout).toContain("3 files, generation 1");
  });

  test("status of a target that can't be asked is a failure of that target", async () => {
    writeFileSync(join(workspace.dir, "a-file"), "");
    workspace.configure({ broken: { type: "local", path: "./a-file" }, ...local });
    const { code, stdout } = await workspace.run(["status"]);
    expect(code).toBe(3);
    expect(stdout).toContain("broken  ./a-file  can't be asked");
  });

  test("history lists runs, the newest first", async () => {
    workspace.publish({ "index.html": null });
    await workspace.run(["push", "--allow", "delete-limit"]);
    const { stdout } = await workspace.run(["history", "--json"]);
    expect(parseLines(stdout).map(({ targets }) => [targets[0].uploaded, targets[0].deleted])).toEqual([
      [0, 1],
      [3, 0],
    ]);
    expect((await workspace.run(["history", "--limit", "1"])).stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  test("show tells of the last run, or of the one whose name begins so", async () => {
    const last = await workspace.run(["show"]);
    expect(last.stdout).toContain("/お知らせ/2026.html");
    const id = /run (\S+)/.exec(last.stdout)?.[1] ?? "";
    expect((await workspace.run(["show", id])).stdout).toBe(last.stdout);
    expect((await workspace.run(["show", id.slice(0, -2)])).stdout).toBe(last.stdout);
    expect((await workspace.run(["show", "no-such-run"])).code).toBe(2);
  });

  test("a reader that closes the pipe early does no harm", async () => {
    const { child, ended } = workspace.start(["push", "--force", "--verbose"]);
    child.stdout?.destroy();
    expect((await ended).code).toBe(0);
    expect((await workspace.run(["plan", "--exit-code"])).code).toBe(0);
  });
});

describe("a locked target", () => {
  const lock = () => join(workspace.dir, ".smartsync", "published", ".lock");
  const since = new Date();
  const lockAs = (renewed: Date) => {
    const owner = { token: "t", run: "r", by: "deploy@別の機械", machine: "elsewhere", pid: 1, why: "push" };
    const times = { since: since.toISOString(), renewed: renewed.toISOString() };
    writeFileSync(lock(), encodeOwner({ format: 1, ...owner, ...times }));
  };

  beforeEach(() => {
    workspace.configure(local);
    mkdirSync(join(lock(), ".."), { recursive: true });
    lockAs(since);
  });

  test("is being delivered to while its owner shows signs of life, by the local clock", async () => {
    const { stdout } = await workspace.run(["status"]);
    expect(stdout).toContain(`delivering now: push by deploy@別の機械 since ${formatTime(since.getTime())}`);
    lockAs(new Date(0));
    expect((await workspace.run(["status"])).stdout).toContain("a dead run left its lock: push by deploy@別の機械");
  });

  test("a push meets the lock, says whose it is, and touches nothing", async () => {
    const { code, stdout } = await workspace.run(["push"]);
    expect(code).toBe(5);
    expect(stdout).toContain("push by deploy@別の機械");
    expect(existsSync(join(workspace.dir, "published", "index.html"))).toBe(false);
  });

  test("unlock needs a person's word without a terminal", async () => {
    const { code, stderr } = await workspace.run(["unlock"]);
    expect(code).toBe(5);
    expect(stderr).toContain("--yes");
    expect(existsSync(lock())).toBe(true);
  });

  test("with it the target is free", async () => {
    const { code, stdout } = await workspace.run(["unlock", "--yes"]);
    expect(code).toBe(0);
    expect(stdout).toContain("copy is free");
    expect((await workspace.run(["push"])).code).toBe(0);
  });
});

test("schema prints a JSON Schema of the configuration", async () => {
  const { code, stdout } = await workspace.run(["schema"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ properties: { sites: {}, targets: {} } });
});

test("a secret is shown nowhere, not even as somebody's name", async () => {
  const web1 = { type: "ftps", host: "127.0.0.1", port: 1, user: "hunter22", password: "${env:WORD}" };
  workspace.configure({ web1 });
  for (const args of [["push"], ["push", "--json"], ["plan"], ["status"], ["doctor"], ["show"]]) {
    const { stdout, stderr } = await workspace.run(args, { WORD: "hunter22", SMARTSYNC_DEBUG: "1" });
    expect(stdout + stderr, args.join(" ")).not.toContain("hunter22");
  }
});
