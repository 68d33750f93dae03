import { SmartsyncError } from "../../../lib/errors.ts";
import { quoteForShell } from "../quote-for-shell.ts";
import { runCommand } from "../run-command.ts";
import type { LineCtx, SshLine } from "../ssh-line.ts";

/** How a script ended. */
export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** The last line it wrote to stderr, for messages. */
  readonly complaint: string;
}

/** What a script writes first: whatever comes before it is the greeting of a login shell. */
const BEGINNING = "smartsync-script-begins\n";

/** A list of every file of a large site. */
const OUTPUT_BYTES = 512 * 1024 * 1024;

/**
 * Runs a script by the server's /bin/sh, whatever shell the user has; `args` are its "$1", "$2", … and may hold any
 * character. It may use what dash, busybox and GNU have in common. Throws "no-shell" when the account has none.
 */
export async function runScript(
  line: SshLine,
  script: string,
  args: readonly string[],
  ctx: LineCtx,
): Promise<ScriptResult> {
  // One line: a C shell takes no line break inside quotes.
  const whole = `printf 'smartsync-script-begins\\n'; ${script.trim().replace(/\s*\n\s*/g, " ")}`;
  const command = quoteForShell(["exec", "sh", "-c", whole, "smartsync", ...args]);
  const { exitCode, stdout, stderr } = await runCommand(line, command, ctx, { outputBytes: OUTPUT_BYTES });
  const beginning = stdout.indexOf(BEGINNING);
  const complaint = lastLine(stderr);
  if (beginning < 0) throw noShell(line, lastLine(stdout) || complaint);
  if (exitCode === null) throw killed(line, complaint);
  return { exitCode, stdout: stdout.slice(beginning + BEGINNING.length), complaint };
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function noShell(line: SshLine, said: string): SmartsyncError {
  return new SmartsyncError(
    `can't build releases on ${line.place}: this account may not run commands there${said ? ` (it says "${said.slice(0, 200)}")` : ""}`,
    { kind: "config", code: "no-shell", hint: "give the account a shell, or set `releases: false`" },
  );
}

function killed(line: SshLine, complaint: string): SmartsyncError {
  return new SmartsyncError(`a command was killed on ${line.place}${complaint ? `: ${complaint}` : ""}`, {
    kind: "transient",
    code: "command-killed",
    hint: "the server may be short of memory, or was shut down",
  });
}
