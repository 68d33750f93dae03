import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type LoadedConfig, loadConfig } from "../../src/config/load-config.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { createRedactor } from "../../src/lib/redact.ts";

/** An empty directory that is gone after the test. */
export async function scratchDir(): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "smartsync-config-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes the text as smartsync.yaml, readable by its owner alone, and loads it. */
export async function loadText(text: string | Uint8Array, dir?: string): Promise<LoadedConfig> {
  const file = join(dir ?? (await scratchDir()), "smartsync.yaml");
  await writeFile(file, text, { mode: 0o600 });
  return loadConfig(file, createRedactor());
}

/** The SmartsyncError a call ends in. */
export async function errorOf(call: Promise<unknown>): Promise<SmartsyncError> {
  const ending = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (ending instanceof SmartsyncError) return ending;
  throw new Error("expected a SmartsyncError", { cause: ending });
}

/** The lines of the error that loading this text gives, each without the directory. */
export async function problemsOf(text: string | Uint8Array): Promise<string[]> {
  const dir = await scratchDir();
  const error = await errorOf(loadText(text, dir));
  return error.message.replaceAll(`${dir}/`, "").split("\n");
}
