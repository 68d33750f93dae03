import { describe, expect, test } from "vitest";
import { runHooks } from "../../src/deploy/hooks.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Hook, HookResult } from "../../src/targets/hook.ts";
import type { Target } from "../../src/targets/target.ts";
import { createMemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";

const done: HookResult = { exitCode: 0, output: "" };

/** A target whose commands end as told: by a result, or by what is thrown. */
function targetWith(endings: Record<string, HookResult | Error>, parts: Partial<Hook> = {}): Target {
  const list = Object.keys(endings).map((command): Hook => {
    return { when: "before", timeout: 60, onFailure: "fail", ...parts, command };
  });
  return {
    ...createMemoryServer().open(),
    hooks: {
      list,
      async run({ command }) {
        const ending = endings[command] ?? done;
        if (ending instanceof Error) throw ending;
        return ending;
      },
    },
  };
}

describe("the commands of a target", () => {
  test("run in their order, and those of the other kind don't", async () => {
    const ctx = testCtx();
    const target = targetWith({ "test -d /srv": done, date: { exitCode: 0, output: "今日\n" } });
    await runHooks("web1", target, "after", ctx);
    expect(ctx.events).toEqual([]);
    await runHooks("web1", target, "before", ctx);
    const about = { target: "web1", when: "before" };
    expect(ctx.events).toEqual([
      { type: "hook-started", ...about, command: "test -d /srv" },
      { type: "hook-done", ...about, command: "test -d /srv", exitCode: 0, seconds: expect.any(Number), output: "" },
      { type: "hook-started", ...about, command: "date" },
      { type: "hook-done", ...about, command: "date", exitCode: 0, seconds: expect.any(Number), output: "今日\n" },
    ]);
  });

  test("are none where a target can't run any", async () => {
    const ctx = testCtx();
    await runHooks("copy", createMemoryServer().open(), "before", ctx);
    expect(ctx.events).toEqual([]);
  });

  test("end the delivery before it when one fails, and the rest does not run", async () => {
    const ctx = testCtx();
    const target = targetWith({ "nginx -t": { exitCode: 1, output: "checking\nbad line 3\n" }, date: done });
    await expect(runHooks("web1", target, "before", ctx)).rejects.toMatchObject({
      kind: "conflict",
      code: "hook-failed",
      message: "the command before the delivery failed: nginx -t: exit code 1: bad line 3",
      hint: expect.stringContaining("nothing was touched"),
    });
    expect(ctx.events.map(({ type }) => type)).toEqual(["hook-started", "hook-done"]);
  });

  test("make a complete delivery a partial one when one fails after it", async () => {
    const target = targetWith({ reload: { exitCode: 2, output: "" } }, { when: "after" });
    await expect(runHooks("web1", target, "after", testCtx())).rejects.toMatchObject({
      kind: "partial",
      code: "hook-failed",
      message: "the command after the delivery failed: reload: exit code 2",
    });
  });

  test("that may fail are warned of, and the rest runs", async () => {
    const ctx = testCtx();
    const endings = {
      "warm\n all": { exitCode: null, why: "it took longer than 60 s and was ended", output: "…" },
      date: done,
    };
    await runHooks("web1", targetWith(endings, { onFailure: "warn" }), "before", ctx);
    expect(ctx.events.map(({ type }) => type)).toEqual([
      "hook-started",
      "hook-done",
      "warning",
      "hook-started",
      "hook-done",
    ]);
    expect(ctx.events[1]).toMatchObject({ exitCode: null, output: "…\n(it took longer than 60 s and was ended)\n" });
    expect(ctx.events[2]).toMatchObject({
      target: "web1",
      code: "hook-failed",
      message: "the command before the delivery failed: warm …: it took longer than 60 s and was ended: …",
    });
  });

  test("that could not be started have failed like others, except when the run is stopped", async () => {
    const broken = new SmartsyncError("the connection was lost", { kind: "transient", code: "connection-lost" });
    await expect(runHooks("web1", targetWith({ date: broken }), "before", testCtx())).rejects.toMatchObject({
      code: "hook-failed",
      message: expect.stringContaining("date: the connection was lost"),
    });
    const stopped = new SmartsyncError("stopped", { kind: "aborted", code: "aborted" });
    await expect(runHooks("web1", targetWith({ date: stopped }), "before", testCtx())).rejects.toBe(stopped);
  });
});
