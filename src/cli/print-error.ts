import { inspect } from "node:util";
import type { SmartsyncError } from "../lib/errors.ts";
import { renderFailure } from "../report/render-failure.ts";
import type { Console } from "./console.ts";

/** Prints an error and its hint to stderr, with --json also as a line on stdout. */
export function printError(error: SmartsyncError, console: Console): void {
  const { kind, code, message, hint } = error;
  console.printJson({ type: "error", kind, code, message, hint });
  warnOfError(error, console);
}

/** Prints an error and its hint to stderr alone. The stack is for smartsync's developers: SMARTSYNC_DEBUG=1 shows it. */
export function warnOfError(error: SmartsyncError, console: Console): void {
  console.warn(...renderFailure(error, console.warnStyle));
  if (console.shell.env.SMARTSYNC_DEBUG) console.warn(inspect(error));
}
