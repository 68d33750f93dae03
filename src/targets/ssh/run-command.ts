import type { Readable } from "node:stream";
import { SmartsyncError } from "../../lib/errors.ts";
import { connectionLost, stopped } from "./line-failures.ts";
import type { LineCtx, SshLine } from "./ssh-line.ts";

/** How a command on the server ended. */
export interface CommandResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command may take. */
export interface CommandLimits {
  /** Milliseconds; no limit when absent. A dead line is noticed anyway. */
  readonly timeMs?: number;
  /** Bytes of both streams together; 16 MB when absent. Cut output would be understood wrongly: more is an error. */
  readonly outputBytes?: number;
}

const OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a command line by the user's shell, with nothing to read, and waits for its end; gives whatever exit code it
 * has. Throws "transient" when the connection was lost before the end. Aborting ends the wait and the channel.
 */
export async function runCommand(
  line: SshLine,
  command: string,
  ctx: LineCtx,
  { timeMs, outputBytes = OUTPUT_BYTES }: CommandLimits = {},
): Promise<CommandResult> {
  const channel = await line.exec(command, ctx);
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const abort = (): void => reject(stopped());
  const fail = (code: string, why: string): void => reject(commandFailed(line, command, code, why));
  const timer = timeMs === undefined ? undefined : setTimeout(() => fail("command-timeout", slow(timeMs)), timeMs);
  const stdout = collect(channel);
  const stderr = collect(channel.stderr);
  for (const stream of [channel, channel.stderr]) {
    stream.on("data", () => {
      if (stdout.bytes() + stderr.bytes() > outputBytes)
        fail("output-too-long", `it writes more than ${outputBytes} bytes`);
    });
  }
  channel.on("close", (exitCode?: number | null) => {
    // A command that ended says how (RFC 4254, 6.10); without that the line broke under it.
    if (exitCode === undefined) reject(connectionLost(line.place, `while it ran ${command}`));
    else resolve({ exitCode, stdout: stdout.text(), stderr: stderr.text() });
  });
  channel.end();
  ctx.signal.addEventListener("abort", abort, { once: true });
  if (ctx.signal.aborted) abort();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    ctx.signal.removeEventListener("abort", abort);
    channel.close();
  }
}

function collect(stream: Readable): { bytes(): number; text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  return { bytes: () => bytes, text: () => Buffer.concat(chunks).toString() };
}

function slow(timeMs: number): string {
  return `it has not ended in ${timeMs / 1000} seconds`;
}

function commandFailed(line: SshLine, command: string, code: string, why: string): SmartsyncError {
  return new SmartsyncError(`could not run ${command} on ${line.place}: ${why}`, {
    kind: code === "command-timeout" ? "transient" : "config",
    code,
    hint: "try the command by hand on the server",
  });
}
