import { expect, test } from "vitest";
import { checkHooks } from "../../src/deploy/check-hooks.ts";
import type { Hook, HookResult, Hooks } from "../../src/targets/hook.ts";
import { testCtx } from "../doubles/test-ctx.ts";

const list: Hook[] = [
  { when: "before", command: "nginx -t", timeout: 60, onFailure: "fail" },
  { when: "after", command: "./温める\n", timeout: 300, onFailure: "warn" },
];

function hooksThat(end: HookResult, ran: string[] = []): Hooks {
  return {
    list,
    async run({ command }) {
      ran.push(command);
      return end;
    },
  };
}

test("the hooks are named, and none of them is run", async () => {
  const ran: string[] = [];
  expect(await checkHooks(hooksThat({ exitCode: 0, output: "" }, ran), testCtx())).toEqual({
    outcome: "ok",
    detail:
      "before: nginx -t (at most 60 s; a failure ends the run)\nafter: ./温める (at most 300 s; a failure is a warning)",
  });
  expect(ran).toEqual(["true"]);
});

test.each<[HookResult, string]>([
  [{ exitCode: null, output: "", why: "this account may run no commands" }, "this account may run no commands"],
  [{ exitCode: 127, output: "" }, "exit code 127"],
])("an account that can't run them fails the check: %j", async (end, why) => {
  await expect(checkHooks(hooksThat(end), testCtx())).rejects.toMatchObject({
    code: "hook-failed",
    message: `the command "true" failed there: ${why}`,
  });
});
