import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { toSmartsyncError } from "../lib/errors.ts";
import type { Run } from "./command.ts";
import { commands } from "./commands.ts";
import { createConsole, type GlobalOptions } from "./console.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import { printError } from "./print-error.ts";
import type { Shell } from "./shell.ts";

const EXIT_CODES = `
Exit codes:
  0 done   1 failed   2 wrong usage or configuration   3 partly done   4 refused by a guard
  5 locked by another run   10 plan --exit-code found changes   130 interrupted

Start with: smartsync init`;

/** Runs one command line (without the program's name) and gives its exit code. Errors are printed, never thrown. */
export async function runCli(args: readonly string[], shell: Shell): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  let console = createConsole(shell, { ...DEFAULTS, json: args.includes("--json") });
  const program = createProgram(shell);

  const runFor =
    (command: Command): Run =>
    async (work) => {
      console = createConsole(shell, { ...DEFAULTS, ...command.optsWithGlobals<Partial<GlobalOptions>>() });
      exitCode = await work(console);
    };

  try {
    await addCommands(program, args, runFor);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOfUsage(error, console.printJson);
    const failure = toSmartsyncError(error);
    printError(failure, console);
    return exitCodeOf(failure);
  }
}

const DEFAULTS: GlobalOptions = { config: "smartsync.yaml", json: false, color: true, quiet: false, verbose: false };

function createProgram({ stdout, stderr }: Shell): Command {
  return new Command("smartsync")
    .description("Publishes a CMS's static site to every server it lives on.")
    .version(readVersion())
    .addOption(
      new Option("-c, --config <file>", "the configuration file").default(DEFAULTS.config).env("SMARTSYNC_CONFIG"),
    )
    .option("--json", "print one JSON event per line")
    .option("--no-color", "print without colours (NO_COLOR is heeded too)")
    .option("-q, --quiet", "print problems only")
    .option("-v, --verbose", "print every file")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .showHelpAfterError("(--help tells more)")
    .exitOverride()
    .addHelpText("after", EXIT_CODES);
}

/** Adds every command, and loads the ones named in the arguments: the others are only an entry in the overview. */
async function addCommands(program: Command, args: readonly string[], runFor: (command: Command) => Run) {
  const { operands } = program.parseOptions([...args]);
  for (const { name, summary, load } of commands) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`);
    if (operands.slice(0, 2).includes(name)) (await load())(command, runFor(command));
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Commander has printed its message already; help and version that were asked for are no failure. */
function exitCodeOfUsage({ exitCode, message }: CommanderError, printJson: (value: object) => void): ExitCode {
  if (exitCode === 0) return EXIT.done;
  printJson({ type: "error", kind: "config", code: "usage", message: message.replace(/^error: /, "") });
  return EXIT.usage;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(version);
}
