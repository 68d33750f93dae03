import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HookResult } from "../../src/targets/hook.ts";
import { createHooks, hooksField } from "../../src/targets/ssh/hooks.ts";
import { openSshLine } from "../../src/targets/ssh/open-ssh-line.ts";
import type { SshLine } from "../../src/targets/ssh/ssh-line.ts";
import type { SshSettings } from "../../src/targets/ssh/ssh-schema.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";

let server: SshServer;
let line: SshLine;
beforeAll(async () => {
  server = await startSshd();
  line = await openSshLine(settingsOf(server), { name: "web1", baseDir: server.home }, testCtx());
});
afterAll(async () => {
  await line[Symbol.asyncDispose]();
  await server.stop();
});

function settingsOf({ host, port, user, key, knownHosts, path }: SshServer): SshSettings {
  return { host, port, user, key, knownHosts, path, sshConfig: false, timeout: 30, modes: "keep", mtimes: true };
}

/** Runs a command as the only hook of a target. */
function run(command: string, { timeout = 30, signal = new AbortController().signal } = {}): Promise<HookResult> {
  const hooks = createHooks(line, hooksField.parse({ after: [{ run: command, timeout }] }));
  const [hook] = hooks.list;
  if (hook === undefined) throw new Error("the hook is gone");
  return hooks.run(hook, testCtx({ signal }));
}

/** Which processes still live on the server, of those whose numbers are in these files of its. */
async function living(pidFiles: readonly string[]): Promise<string> {
  const { output } = await run(
    `for pid in $(cat ${pidFiles.join(" ")}); do kill -0 $pid 2>/dev/null && echo $pid; done`,
  );
  return output;
}

describe("the setting", () => {
  test("takes a line or its details, and fails before and warns after when nothing else is said", () => {
    const config = hooksField.parse({
      before: ["test -d /srv", { run: "true", timeout: 5, onFailure: "warn" }],
      after: [{ run: "systemctl reload nginx", onFailure: "fail" }, "./warm-cache"],
    });
    expect(createHooks(line, config).list).toEqual([
      { when: "before", command: "test -d /srv", timeout: 60, onFailure: "fail" },
      { when: "before", command: "true", timeout: 5, onFailure: "warn" },
      { when: "after", command: "systemctl reload nginx", timeout: 60, onFailure: "fail" },
      { when: "after", command: "./warm-cache", timeout: 60, onFailure: "warn" },
    ]);
  });

  test("may be left out", () => expect(createHooks(line, undefined).list).toEqual([]));

  test.each([{ during: ["true"] }, { before: [""] }, { after: [{ run: "true", timeout: 0 }] }])("refuses %j", (wrong) =>
    expect(hooksField.safeParse(wrong).success).toBe(false),
  );
});

describe("a hook", () => {
  test("gives its exit code and what it wrote, both streams in their order", async () => {
    expect(await run("echo 一; echo 二 >&2; echo 三; exit 3")).toEqual({ exitCode: 3, output: "一\n二\n三\n" });
  });

  test("is a line for /bin/sh, passed as it is: quotes, variables, several lines", async () => {
    const { output } = await run(`x='a  b'; printf '%s|' "$x" "it's" "$(pwd)" '$HOME' '!'\necho "さようなら"`);
    expect(output).toBe(`a  b|it's|${server.home}|$HOME|!|さようなら\n`);
  });

  test("gets nothing to read, so that a question does not wait for an answer", async () => {
    expect(await run("cat; echo over")).toEqual({ exitCode: 0, output: "over\n" });
  });

  test("that does not exist says so in the shell's words", async () => {
    const { exitCode, output } = await run("no-such-command-here");
    expect(exitCode).toBe(127);
    expect(output).toContain("no-such-command-here: not found");
  });

  test("that writes a lot is kept short, its beginning and its end", async () => {
    const { exitCode, output } = await run("echo first; yes あいう | head -n 500000; echo last");
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^first\nあいう\n/);
    expect(output).toMatch(/あいう\nlast\n$/);
    expect(output).toContain("bytes left out");
    expect(Buffer.byteLength(output)).toBeLessThan(17 * 1024);
  });

  test("that leaves a daemon behind is over when it is", async () => {
    const startedAt = performance.now();
    expect(await run("sleep 20 & echo started")).toEqual({ exitCode: 0, output: "started\n" });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("does not show what the account greets everybody with", async () => {
    const folder = join(server.home, ".ssh");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "rc"), "echo 'Welcome to web1!'\n");
    try {
      expect(await run("echo done")).toEqual({ exitCode: 0, output: "done\n" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a hook is ended on the server, with all it has started,", () => {
  /** A command that writes the numbers of its shell and of a child of it, and then takes its time. */
  function slow(name: string, beginning = ""): { command: string; pids: string[] } {
    const [shell, child] = ["shell", "child"].map((who) => join(server.home, `${name}-${who}.pid`));
    if (shell === undefined || child === undefined) throw new Error("no names");
    const command = `${beginning} echo begun; sh -c 'echo $$ > ${child}; sleep 55; true' & echo $$ > ${shell}; wait; wait`;
    return { command, pids: [shell, child] };
  }

  async function expectGone(pids: readonly string[]): Promise<void> {
    expect(pids.map((file) => readFileSync(file, "utf8"))).toEqual([
      expect.stringMatching(/\d/),
      expect.stringMatching(/\d/),
    ]);
    await expect.poll(() => living(pids), { timeout: 5_000 }).toBe("");
  }

  test("when it takes too long", async () => {
    const { command, pids } = slow("late");
    const result = await run(command, { timeout: 1 });
    expect(result).toEqual({ exitCode: null, why: "it took longer than 1 s and was ended", output: "begun\n" });
    await expectGone(pids);
  });

  test("also when it does not listen", async () => {
    const { command, pids } = slow("deaf", "trap '' TERM;");
    expect(await run(command, { timeout: 1 })).toMatchObject({ exitCode: null, output: "begun\n" });
    await expectGone(pids);
  });

  test("when the run is stopped", async () => {
    const { command, pids } = slow("stopped");
    const stopping = new AbortController();
    const ended = run(command, { signal: stopping.signal });
    const refused = expect(ended).rejects.toMatchObject({ kind: "aborted" });
    await expect.poll(() => pids.every(existsSync), { timeout: 10_000 }).toBe(true);
    expect(await living(pids)).toMatch(/^\d+\n\d+\n$/);
    stopping.abort();
    await refused;
    await expectGone(pids);
  });
});

test("a hook whose connection breaks says so", async () => {
  // Every process of the account, in the namespace that the test's server lives in: the connection's own as well.
  const result = await run("kill -9 -1; sleep 10");
  expect(result).toEqual({ exitCode: null, why: "the connection was lost while it ran", output: "" });
  expect((await run("echo again")).output).toBe("again\n");
});

test("an account without a shell is told from a command that says nothing", async () => {
  await using jail = await startSshd({ chroot: true });
  await using jailed = await openSshLine(settingsOf(jail), { name: "web1", baseDir: jail.home }, testCtx());
  const hooks = createHooks(jailed, hooksField.parse({ before: ["true"] }));
  const [hook] = hooks.list;
  if (hook === undefined) throw new Error("the hook is gone");
  const result = await hooks.run(hook, testCtx());
  expect(result).toMatchObject({ exitCode: null, why: expect.stringContaining("this account may run no commands") });
});
