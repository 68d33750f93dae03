import { createLinesReporter } from "../report/lines.ts";
import { createNdjsonReporter } from "../report/ndjson.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Console } from "./console.ts";

/**
 * The reporter that suits where the output goes: one JSON event per line with --json, live progress on a terminal,
 * else plain lines. A command whose result is a text of its own ("plan") says so, and a pipe gets problems only.
 */
export async function openReporter(console: Console, result: "events" | "text" = "events"): Promise<Reporter> {
  const { shell, options, style, clock, redactor } = console;
  const now = () => clock.now();
  const output = shell.stdout;
  if (options.json) return createNdjsonReporter({ write: (line) => output.write(redactor.redact(line)) });
  if (output.isTTY && console.detail !== "quiet") {
    // What draws on a terminal takes its time to load, and most runs are cron's.
    const { createTerminalReporter } = await import("../report/terminal.ts");
    return createTerminalReporter({ output, style, detail: console.detail, now });
  }
  const detail = result === "text" ? "quiet" : console.detail;
  const to = result === "text" ? shell.stderr : output;
  return createLinesReporter({ output: { write: (line) => to.write(redactor.redact(line)) }, style, detail, now });
}
