import { type Command, InvalidArgumentError } from "commander";
import type { Console } from "./console.ts";
import type { ExitCode } from "./exit-code.ts";

/** Runs a command's work with a console made from its options; what it gives is the exit code. */
export type Run = (work: (console: Console) => ExitCode | Promise<ExitCode>) => Promise<void>;

/** Gives a command its arguments, options, help and action. */
export type Configure = (command: Command, run: Run) => void;

/** The examples at the end of a command's help. */
export function examples(lines: readonly (readonly [command: string, what: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, what]) => `  $ ${command.padEnd(width)}  # ${what}`).join("\n")}`;
}

/** An option's parser for what may be given several times, or separated by commas: adds to what was given before. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(",").filter((part) => part !== "")];
}

/** An option's parser for a whole number, at least 1. */
export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return number;
}
