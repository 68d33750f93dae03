import type { Ctx } from "../core/context.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { Hook, HookResult, Hooks } from "../targets/hook.ts";
import type { Target } from "../targets/target.ts";

/**
 * Runs a target's commands of one kind, one after the other, and tells of each. "before" belongs to where the lock is
 * held and nothing that visitors see has changed, "after" to where the delivery is complete. A command that fails is a
 * warning, or ends this with "hook-failed" where its policy is to fail: of kind "conflict" before a delivery, of kind
 * "partial" after it, for what is delivered stays so.
 */
export async function runHooks(name: string, target: Target, when: Hook["when"], ctx: Ctx): Promise<void> {
  const { hooks } = target;
  if (hooks === undefined) return;
  for (const hook of hooks.list) {
    if (hook.when !== when) continue;
    const failure = judge(hook, await runOne(name, hooks, hook, ctx));
    if (failure === undefined) continue;
    if (hook.onFailure === "fail") throw failure;
    const { message, hint } = failure;
    ctx.emit({ type: "warning", target: name, code: failure.code, message, ...(hint === undefined ? {} : { hint }) });
  }
}

async function runOne(target: string, hooks: Hooks, hook: Hook, ctx: Ctx): Promise<HookResult> {
  const { when, command } = hook;
  const startedAt = ctx.clock.now();
  ctx.emit({ type: "hook-started", target, when, command });
  const result = await attempt(hooks, hook, ctx);
  const { exitCode, why, output } = result;
  const seconds = (ctx.clock.now() - startedAt) / 1000;
  // Whoever reads the output later has to learn there why there is no exit code.
  const told = why === undefined ? output : `${output}${output === "" || output.endsWith("\n") ? "" : "\n"}(${why})\n`;
  ctx.emit({ type: "hook-done", target, when, command, exitCode, seconds, output: told });
  return result;
}

/** A command that could not even be started failed like any other; only a stop is thrown on. */
async function attempt(hooks: Hooks, hook: Hook, ctx: Ctx): Promise<HookResult> {
  try {
    return await hooks.run(hook, ctx);
  } catch (error) {
    const { kind, message } = toSmartsyncError(error);
    if (kind === "aborted" || kind === "bug") throw error;
    return { exitCode: null, output: "", why: message };
  }
}

function judge({ when, command }: Hook, { exitCode, why, output }: HookResult): SmartsyncError | undefined {
  if (exitCode === 0) return undefined;
  const reason = why ?? `exit code ${exitCode}`;
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  return new SmartsyncError(
    `the command ${when} the delivery failed: ${firstLine(command)}: ${reason}${last === "" ? "" : `: ${last}`}`,
    {
      kind: when === "before" ? "conflict" : "partial",
      code: "hook-failed",
      hint: `\`smartsync show\` has all of its output; ${when === "before" ? "nothing was touched" : "the delivery itself is complete"}`,
    },
  );
}

function firstLine(command: string): string {
  const [first = "", ...others] = command.trim().split("\n");
  return others.length > 0 ? `${first} …` : first;
}
