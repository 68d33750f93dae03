import type { Clock, Ctx } from "../core/context.ts";
import type { DeployEvent } from "../core/events.ts";
import { systemClock } from "../lib/clock.ts";
import type { Redactor } from "../lib/redact.ts";
import type { Detail } from "../report/reporter.ts";
import { widthOf } from "../report/reporter.ts";
import { createStyle, type Style, wantsColours } from "../report/style.ts";
import type { Shell } from "./shell.ts";

/** The options every command takes. */
export interface GlobalOptions {
  readonly config: string;
  readonly json: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** How a command talks: everything it prints goes through here, and no secret gets past. */
export interface Console {
  readonly shell: Shell;
  readonly options: GlobalOptions;
  readonly redactor: Redactor;
  /** For what is printed to stdout. */
  readonly style: Style;
  /** For what is printed to stderr. */
  readonly warnStyle: Style;
  /** Columns to use. */
  readonly width: number;
  readonly detail: Detail;
  /** True when there is a person at a terminal to ask. */
  readonly interactive: boolean;
  readonly clock: Clock;
  /** Prints lines for people; nothing with --json. */
  print(...lines: readonly string[]): void;
  /** Prints a line of JSON; nothing without --json. */
  printJson(value: object): void;
  /** Prints lines for people to stderr, where they are seen with --json and in a pipe too. */
  warn(...lines: readonly string[]): void;
  /** A context for calls that do something, whose events go to `emit`. */
  ctx(emit?: (event: DeployEvent) => void): Ctx;
}

/** Makes the console of a command. */
export function createConsole(shell: Shell, options: GlobalOptions): Console {
  const { stdin, stdout, stderr, env, signal, redactor } = shell;
  const say = (stream: NodeJS.WritableStream, lines: readonly string[]) => {
    if (lines.length > 0) stream.write(`${redactor.redact(lines.join("\n"))}\n`);
  };
  return {
    shell,
    options,
    redactor,
    style: createStyle(wantsColours(stdout.isTTY === true, options.color, env)),
    warnStyle: createStyle(wantsColours(stderr.isTTY === true, options.color, env)),
    width: widthOf(stdout),
    detail: options.quiet ? "quiet" : options.verbose ? "verbose" : "normal",
    interactive: stdin.isTTY === true && (stdout.isTTY === true || stderr.isTTY === true) && !options.json,
    clock: systemClock,
    print: (...lines) => (options.json ? undefined : say(stdout, lines)),
    printJson: (value) => (options.json ? say(stdout, [JSON.stringify(value)]) : undefined),
    warn: (...lines) => say(stderr, lines),
    ctx: (emit = () => {}) => ({ signal, clock: systemClock, emit }),
  };
}
