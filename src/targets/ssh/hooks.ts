import { z } from "zod";
import type { Hook, Hooks } from "../hook.ts";
import { runHook } from "./run-hook.ts";
import type { SshLine } from "./ssh-line.ts";

const command = z.string().min(1);

const detailed = z.strictObject({
  run: command.describe("The command."),
  timeout: z.number().min(1).max(3600).default(60).describe("Seconds after which it is ended."),
  onFailure: z
    .enum(["fail", "warn"])
    .optional()
    .describe("Whether its failure is the delivery's; `fail` before it and `warn` after it, when absent."),
});

const hook = z.union([command, detailed]);

/** The setting `hooks` of a target whose account has a shell. */
export const hooksField = z
  .strictObject({
    before: z
      .array(hook)
      .default([])
      .describe(
        "Run in this order before anything that visitors see changes. `timeout` is in seconds, 60 when absent; `onFailure` is `fail` or `warn`, `fail` when absent.",
      ),
    after: z
      .array(hook)
      .default([])
      .describe("Run in this order once the delivery is complete; `onFailure` is `warn` when absent."),
  })
  .optional()
  .describe("Commands that the server's /bin/sh runs before and after a delivery.");

/** What `hooks` says after parsing. */
export type HooksConfig = z.output<typeof hooksField>;

/** The hooks of a target, run over its line; nothing is asked of the server until one is. */
export function createHooks(line: SshLine, config: HooksConfig): Hooks {
  return {
    list: (["before", "after"] as const).flatMap((when) =>
      (config?.[when] ?? []).map((setting) => toHook(when, setting)),
    ),
    run: (hook, ctx) => runHook(line, hook, ctx),
  };
}

function toHook(when: Hook["when"], setting: z.output<typeof hook>): Hook {
  const { run, timeout, onFailure } = typeof setting === "string" ? detailed.parse({ run: setting }) : setting;
  return { when, command: run, timeout, onFailure: onFailure ?? (when === "before" ? "fail" : "warn") };
}
