import { type ExecException, exec } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { SmartsyncError } from "../lib/errors.ts";
import type { Redactor } from "../lib/redact.ts";
import type { Placeholder } from "./template.ts";

/** What secrets are fetched with. */
export interface SecretSources {
  /** Relative files are relative to this directory, and commands run in it: the configuration file's. */
  readonly dir: string;
  /** Told every value that is fetched. */
  readonly redactor: Redactor;
  readonly env: NodeJS.ProcessEnv;
  /** How long a command may take, in milliseconds; 30 s when absent. */
  readonly commandTimeoutMs?: number;
}

/** The value a placeholder stands for, never empty; throws "secret-unavailable". */
export async function fetchSecret(placeholder: Placeholder, sources: SecretSources): Promise<string> {
  const value = await fetchers[placeholder.source](placeholder.argument, sources);
  if (value === "") throw unavailable(`${placeholder.text} is empty`);
  sources.redactor.add(value);
  return value;
}

const fetchers: Record<Placeholder["source"], (argument: string, sources: SecretSources) => Promise<string>> = {
  async env(name, { env }) {
    const value = env[name];
    if (value === undefined) throw unavailable(`the environment variable ${name} is not set`);
    return value;
  },

  async file(path, { dir }) {
    const file = resolve(dir, path);
    try {
      return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
    } catch (error) {
      throw unavailable(`the secret file ${file} can't be read: ${errorText(error)}`, error);
    }
  },

  async command(line, { dir, env, commandTimeoutMs = 30_000 }) {
    const running = promisify(exec)(line, { cwd: dir, env, timeout: commandTimeoutMs });
    running.child.stdin?.end();
    try {
      return (await running).stdout.trim();
    } catch (error) {
      throw unavailable(`the command \`${line}\` ${howItEnded(error, commandTimeoutMs)}`, error);
    }
  },
};

/** `exec` rejects with the exit code, the signal and the standard error; its own message repeats the whole line. */
function howItEnded(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "failed";
  const { code, killed, stderr }: ExecException = error;
  if (killed) return `was stopped after ${timeoutMs / 1000} s`;
  const exit = typeof code === "number" ? ` with exit code ${code}` : "";
  return `failed${exit}: ${stderr?.trim() || "it said nothing"}`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unavailable(message: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(message, { kind: "config", code: "secret-unavailable", cause });
}
