import type { Ctx } from "../core/context.ts";

/** A command that runs on the server before or after a delivery. */
export interface Hook {
  readonly when: "before" | "after";
  readonly command: string;
  /** Seconds. */
  readonly timeout: number;
  /** "fail": before, the delivery is not begun; after, the run says that it was only partly done. "warn": it is told. */
  readonly onFailure: "fail" | "warn";
}

/** How a command on the server ended. */
export interface HookResult {
  /** null when it was ended by a signal or took too long. */
  readonly exitCode: number | null;
  /** What it wrote, both streams as they came, cut to a length a person reads. */
  readonly output: string;
  /** Why there is no exit code. */
  readonly why?: string;
}

/** The commands a target's configuration names, and running them. */
export interface Hooks {
  readonly list: readonly Hook[];
  run(hook: Hook, ctx: Ctx): Promise<HookResult>;
}
