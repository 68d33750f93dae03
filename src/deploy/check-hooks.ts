import type { Ctx } from "../core/context.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Hook, Hooks } from "../targets/hook.ts";
import { type Finding, ok } from "./check.ts";

/** Does nothing, wherever there is a shell. */
const NOTHING: Hook = { when: "before", command: "true", timeout: 15, onFailure: "fail" };

/** Whether the target can run commands at all, and which it will. None of them is run. */
export async function checkHooks(hooks: Hooks, ctx: Ctx): Promise<Finding> {
  const { exitCode, why = `exit code ${exitCode}` } = await hooks.run(NOTHING, ctx);
  if (exitCode === 0) return ok(hooks.list.map(describeHook).join("\n"));
  throw new SmartsyncError(`the command "true" failed there: ${why}`, {
    kind: "config",
    code: "hook-failed",
    hint: "hooks need an account with a shell: take them out of the configuration, or ask the server's owner",
  });
}

function describeHook({ when, command, timeout, onFailure }: Hook): string {
  const failure = when === "before" ? "ends the run" : "makes the run only partly done";
  return `${when}: ${command.trim()} (at most ${timeout} s; a failure ${onFailure === "fail" ? failure : "is a warning"})`;
}
