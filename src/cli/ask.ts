import { SmartsyncError } from "../lib/errors.ts";
import type { Console } from "./console.ts";

/** Where a question is asked: stdout when it is a terminal, so that a piped stdout holds no question. */
function context({ shell }: Console) {
  return { input: shell.stdin, output: shell.stdout.isTTY ? shell.stdout : shell.stderr, signal: shell.signal };
}

/** Asks for a yes or no. Throws "aborted" when the person leaves with Ctrl-C. */
export async function confirm(console: Console, message: string, preset: boolean): Promise<boolean> {
  const prompts = await import("@inquirer/prompts");
  return stoppable(prompts.confirm({ message, default: preset }, context(console)));
}

/** Asks for a text; `check` gives what is wrong with it, or undefined. */
export async function askText(
  console: Console,
  message: string,
  { preset, check = () => undefined }: { preset?: string; check?: (text: string) => string | undefined } = {},
): Promise<string> {
  const prompts = await import("@inquirer/prompts");
  const validate = (text: string) => check(text.trim()) ?? true;
  const question = { message, validate, ...(preset === undefined ? {} : { default: preset }) };
  return (await stoppable(prompts.input(question, context(console)))).trim();
}

/** Asks for a password, showing stars. */
export async function askPassword(console: Console, message: string): Promise<string> {
  const prompts = await import("@inquirer/prompts");
  return stoppable(prompts.password({ message, mask: true }, context(console)));
}

/** Asks to choose one of a few. */
export async function choose<Value extends string>(
  console: Console,
  message: string,
  choices: readonly { value: Value; name: string }[],
): Promise<Value> {
  const prompts = await import("@inquirer/prompts");
  return stoppable(prompts.select<Value>({ message, choices: [...choices] }, context(console)));
}

async function stoppable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error) || !["ExitPromptError", "AbortPromptError"].includes(error.name)) throw error;
    throw new SmartsyncError("stopped at a question", { kind: "aborted", code: "aborted", cause: error });
  }
}
