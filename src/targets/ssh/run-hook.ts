import { throwIfAborted } from "../../lib/abort.ts";
import type { Hook, HookResult } from "../hook.ts";
import { quoteForShell } from "./quote-for-shell.ts";
import { createShortOutput } from "./short-output.ts";
import type { LineCtx, SshLine } from "./ssh-line.ts";

/** What a command may still do after it was asked to end, before it is killed; and then before nobody waits for it. */
const GRACE_MS = 2_000;

/** A command that is over but left something running which holds its output is waited for no longer than this. */
const LINGER_MS = 1_000;

/** The server ends what nobody here can end any more, because the line broke, this long after its time. */
const SPARE_SECONDS = 10;

/**
 * `$1` is the command, `$2` its time in seconds. The first line tells the process group; what comes before it is a
 * login shell's greeting, and without it there is no shell. Some old systems have another `timeout`, or none.
 */
const SCRIPT = `echo "$0 $$"; exec 2>&1
if timeout 1 true >/dev/null 2>&1; then exec timeout -s KILL "$2" sh -c "$1"; else exec sh -c "$1"; fi`;
const NAME = "smartsync-hook";
const FIRST_LINE = new RegExp(`^${NAME} (\\d+)\\n`, "m");

type Ending = Omit<HookResult, "output">;

/**
 * Runs a hook on the server and waits for its end. After its time, and when `signal` aborts, the command is ended
 * there: asked (TERM), then killed, with everything it has started in its process group.
 */
export async function runHook(line: SshLine, hook: Hook, { signal }: LineCtx): Promise<HookResult> {
  const tooLong = AbortSignal.timeout(hook.timeout * 1000);
  const { ending, said } = await converse(line, hook, AbortSignal.any([signal, tooLong]));
  throwIfAborted(signal);
  const first = FIRST_LINE.exec(said);
  const output = first === null ? said : said.slice(first.index + first[0].length);
  if (tooLong.aborted) return { exitCode: null, why: `it took longer than ${hook.timeout} s and was ended`, output };
  if (first === null) {
    // Nothing that we handed over has run. A forced SFTP server ends so too, now and then without an exit code.
    const doubt = ending.exitCode === null ? ", or the connection was lost" : "";
    return { exitCode: null, why: `it did not begin: this account may run no commands${doubt}`, output };
  }
  return { ...ending, output };
}

/** Starts the command and waits until it is over, or brings that about when `stop` aborts. */
async function converse(line: SshLine, hook: Hook, stop: AbortSignal): Promise<{ ending: Ending; said: string }> {
  const seconds = String(Math.ceil(hook.timeout) + SPARE_SECONDS);
  const command = quoteForShell(["exec", "sh", "-c", SCRIPT, NAME, hook.command, seconds]);
  const channel = await line.exec(command, { signal: stop });
  const { promise, resolve } = Promise.withResolvers<void>();
  const output = createShortOutput();
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, work: () => void) => timers.push(setTimeout(work, ms));
  let ending: Ending = { exitCode: null, why: "the connection was lost while it ran" };
  channel.on("data", output.add);
  channel.stderr.on("data", output.add);
  channel.on("exit", (exitCode: number | null, name?: string) => {
    ending = exitCode === null ? { exitCode, why: `it was ended by ${name}` } : { exitCode };
    later(LINGER_MS, resolve);
  });
  channel.on("close", resolve);
  channel.end();
  const end = () => {
    const group = FIRST_LINE.exec(output.text())?.[1];
    if (group === undefined) return resolve();
    void kill(line, "TERM", group);
    later(GRACE_MS, () => void kill(line, "KILL", group).then(() => later(GRACE_MS, resolve)));
  };
  if (stop.aborted) end();
  else stop.addEventListener("abort", end, { once: true });
  try {
    await promise;
    return { ending, said: output.text() };
  } finally {
    stop.removeEventListener("abort", end);
    timers.forEach(clearTimeout);
    channel.close();
  }
}

/**
 * Sends a signal to a process group by a command of its own: SSH's own signal request (RFC 4254 6.9) is known to
 * OpenSSH only since 7.9, and can't be made once the channel's input has ended.
 */
async function kill(line: SshLine, signal: "TERM" | "KILL", group: string): Promise<void> {
  try {
    const channel = await line.exec(`kill -s ${signal} -- -${group}`, { signal: AbortSignal.timeout(GRACE_MS) });
    channel.resume().stderr.resume();
    channel.end();
  } catch {
    // Without a line nobody here can end it; the server does when its time is over.
  }
}
