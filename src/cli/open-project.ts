import { join } from "node:path";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { openLocalState } from "../state/local-state.ts";
import type { Console } from "./console.ts";

/** What a command works on: a configuration, and what is remembered beside it. */
export type Project = PlanDeps & Disposable;

/** Loads the configuration (--config), tells its warnings, and opens the local state beside it. */
export async function openProject(console: Console): Promise<Project> {
  const config = await loadConfig(console.options.config, console.redactor);
  for (const { code, message, hint } of config.warnings) {
    console.printJson({ type: "warning", code, message, hint });
    console.warn(`${console.warnStyle.caution("warning:")} ${message}`, `  ${hint}`);
  }
  const state = openLocalState(stateDir(config));
  return { config, state, redactor: console.redactor, [Symbol.dispose]: () => state[Symbol.dispose]() };
}

/** The folder beside a configuration file where smartsync keeps what it remembers. */
export function stateDir({ dir }: Pick<LoadedConfig, "dir">): string {
  return join(dir, ".smartsync");
}
