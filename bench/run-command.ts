import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** How a command went. */
export interface Outcome {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time of the whole process, from before it was started until it had exited. */
  readonly seconds: number;
}

/** Where and with what a command runs. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command, with SIGKILL: nothing it could still do is wanted. */
  readonly signal?: AbortSignal;
}

/** Runs a command to its end; whatever its exit code, that is an outcome. Throws only when it can't be started. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = "", ...rest] = argv;
  const started = performance.now();
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    ...(options.signal && { signal: options.signal, killSignal: "SIGKILL" }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<{ code: number | null; seconds: number }>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, seconds: (performance.now() - started) / 1000 }));
  });
  const [end, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { ...end, stdout, stderr };
}

/** Runs a command that must succeed; throws with its own words when it does not. */
export async function runChecked(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await run(argv, options);
  if (outcome.code !== 0) {
    const words = (outcome.stderr.trim() || outcome.stdout.trim()).slice(-2000);
    throw new Error(`\`${argv.join(" ")}\` ended with code ${outcome.code}${words && `:\n${words}`}`);
  }
  return outcome;
}
