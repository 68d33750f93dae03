import type { DeployEvent } from "../core/events.ts";
import { reasonWord } from "./plan-text.ts";
import { countOf, formatBytes, formatDuration } from "./quantities.ts";
import type { Detail } from "./reporter.ts";
import type { Style } from "./style.ts";
import { type RunProgress, readyTogether } from "./target-progress.ts";
import { printable, printableLines } from "./text-width.ts";

/**
 * The lines that tell of an event, none when it isn't told at this detail: mostly one. "quiet" tells warnings only;
 * single files and retries that cost nothing are for "verbose".
 */
export function eventLines(event: DeployEvent, style: Style, detail: Detail): string[] {
  if (event.type === "warning") return [style.caution(about(event.target, `warning: ${withHint(event)}`))];
  if (detail === "quiet") return [];
  const line = milestone(event, style) ?? (detail === "verbose" ? fileLine(event) : undefined);
  const output = event.type === "hook-done" && event.exitCode !== 0 ? outputLines(event.output, style) : [];
  return [...(line === undefined ? [] : [line]), ...output];
}

function milestone(event: DeployEvent, style: Style): string | undefined {
  switch (event.type) {
    case "scanned": {
      const skipped = event.skipped > 0 ? `, ${countOf(event.skipped, "entry", "entries")} skipped` : "";
      const files = `${countOf(event.files, "file")}, ${formatBytes(event.bytes)}`;
      return `scanned ${files} in ${formatDuration(event.seconds)} (${event.hashed} read${skipped})`;
    }
    case "observed":
      if (event.interrupted) return style.caution(`${event.target}: run ${event.interrupted} has not ended there`);
      return `${event.target}: ${event.first ? "nothing delivered yet" : `${countOf(event.files, "file")} known there`}${adoptedNote(event.adopted)}`;
    case "locked":
      if (event.tookOver === null) return undefined;
      return style.caution(`${event.target}: took over a dead run's lock: ${printable(event.tookOver)}`);
    case "retry": {
      const again = `trying again in ${formatDuration(event.waitSeconds)} (attempt ${event.attempt})`;
      return style.caution(`${event.target}: ${printable(event.doing)}: ${printable(event.reason)}; ${again}`);
    }
    case "limit-learned": {
      const limit = `the server takes ${countOf(event.connections, "connection")} at a time`;
      return `${event.target}: ${limit} (${printable(event.reason)})`;
    }
    case "file-replanned":
      return style.caution(`${event.target}: /${printable(event.path)} changed while it was sent; sending it anew`);
    case "staged":
      return `${event.target}: staged in ${formatDuration(event.seconds)}, ready to be published`;
    case "published":
      return `${event.target}: published in ${formatDuration(event.seconds)}`;
    case "switched":
      return `${event.target}: visitors see the release ${event.to}`;
    case "reverted":
      return style.caution(`${event.target}: put back as it was before: ${printable(event.because)}`);
    case "checking": {
      const looking = `looking at ${countOf(event.urls, "address", "addresses")}`;
      return `${event.cdn}: ${looking} as visitors do, for ${formatDuration(event.within)} at most`;
    }
    case "hook-done": {
      const command = `${event.target}: ran ${inOneLine(event.command)} in ${formatDuration(event.seconds)}`;
      if (event.exitCode === 0) return command;
      return style.caution(
        `${command}: ${event.exitCode === null ? "it did not end well" : `exit code ${event.exitCode}`}`,
      );
    }
    default:
      return undefined;
  }
}

function adoptedNote(adopted = 0): string {
  return adopted > 0 ? `; ${countOf(adopted, "file")} put there by another tool found equal to the site's` : "";
}

/** The line for the event that makes the last of several targets ready to be published together. */
export function readyLines(event: DeployEvent, run: RunProgress, detail: Detail): string[] {
  const ready = readyTogether(event, run);
  return ready.length === 0 || detail === "quiet" ? [] : [`all targets are ready: ${ready.join(", ")}`];
}

/** The last lines of what a command wrote, which say best why it failed. */
function outputLines(output: string, style: Style): string[] {
  const lines = printableLines(output);
  const shown = lines.slice(-OUTPUT_LINES);
  const left = lines.length - shown.length;
  return [...(left > 0 ? [`… after ${countOf(left, "other line")}`] : []), ...shown].map((l) => style.dim(`    ${l}`));
}

/** More is in the run's history. */
const OUTPUT_LINES = 10;

/** A command as it fits into a sentence: its first line. */
export function inOneLine(command: string): string {
  const [first = "", ...others] = printableLines(command.trim());
  return others.length > 0 ? `${first} …` : first;
}

function fileLine(event: DeployEvent): string | undefined {
  switch (event.type) {
    case "file-put":
      if (event.headersOnly) return `${event.target}: changed the headers of /${printable(event.path)}`;
      return `${event.target}: delivered /${printable(event.path)} (${formatBytes(event.size)}, ${reasonWord(event.reason)})`;
    case "file-staged":
      return `${event.target}: staged /${printable(event.path)} (${formatBytes(event.size)})`;
    case "hook-started":
      return `${event.target}: running ${inOneLine(event.command)}, ${event.when} the delivery`;
    case "file-deleted":
      return `${event.target}: deleted /${printable(event.path)}`;
    case "purge-sent": {
      const id = event.id === undefined ? "" : ` (${printable(event.id)})`;
      return `${event.cdn}: request ${event.batch} of ${event.of} accepted: ${countOf(event.items, "item")}${id}`;
    }
    default:
      return undefined;
  }
}

function about(target: string | undefined, text: string): string {
  return target === undefined ? text : `${target}: ${text}`;
}

function withHint({ message, hint }: { message: string; hint?: string }): string {
  return printable(hint === undefined ? message : `${message} (${hint})`);
}
