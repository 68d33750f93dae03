import { once } from "node:events";
import type { PlanDeps } from "../deploy/job.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { Reporter } from "../report/reporter.ts";
import { printable } from "../report/text-width.ts";
import { confirm } from "./ask.ts";
import type { Console } from "./console.ts";

/** What is handed to whoever opens targets: how to ask, or nothing where nobody can be asked. */
export type Asker = Pick<PlanDeps, "confirm">;

/**
 * Lets targets ask whoever sits at the terminal: one question at a time, the same one once, with the live output of
 * `reporter` off the screen meanwhile. Where nobody is there, or --yes asks for silence, there is nothing to ask with.
 */
export function questions(
  console: Console,
  { reporter, yes = false }: { reporter?: Reporter; yes?: boolean } = {},
): Asker {
  if (!console.interactive || yes) return {};
  const answers = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();

  async function ask(question: string, details: readonly string[]): Promise<boolean> {
    using _held = reporter?.hold?.();
    const say = console.shell.stdout.isTTY === true ? console.print : console.warn;
    say("", ...details.map(printable));
    // Awaited here, so that the output stays held until there is an answer.
    return await confirm(console, question, false).catch((error) => stopOnInterrupt(error, console.shell.signal));
  }

  return {
    confirm(question, details) {
      const key = JSON.stringify([question, details]);
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = last.then(() => ask(question, details));
      last = answer.catch(() => undefined);
      answers.set(key, answer);
      return answer;
    },
  };
}

/** A question reads the keyboard itself, so its Ctrl-C never became a signal: the whole run is meant, not this target. */
async function stopOnInterrupt(error: unknown, signal: AbortSignal): Promise<never> {
  if (toSmartsyncError(error).kind === "aborted" && !signal.aborted) {
    const stopped = once(signal, "abort");
    process.kill(process.pid, "SIGINT");
    await stopped;
  }
  throw error;
}
