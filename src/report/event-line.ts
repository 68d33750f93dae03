import type { DeployEvent } from "../core/events.ts";
import { reasonWord } from "./plan-text.ts";
import { countOf, formatBytes, formatDuration } from "./quantities.ts";
import type { Detail } from "./reporter.ts";
import type { Style } from "./style.ts";
import { printable } from "./text-width.ts";

/**
 * The one line that tells of an event, or undefined when it isn't told at this detail. "quiet" tells warnings only;
 * single files and retries that cost nothing are for "verbose".
 */
export function eventLine(event: DeployEvent, style: Style, detail: Detail): string | undefined {
  if (event.type === "warning") return style.caution(about(event.target, `warning: ${withHint(event)}`));
  if (detail === "quiet") return undefined;
  return milestone(event, style) ?? (detail === "verbose" ? fileLine(event) : undefined);
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
      return `${event.target}: ${event.first ? "nothing delivered yet" : `${countOf(event.files, "file")} known there`}`;
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
    default:
      return undefined;
  }
}

function fileLine(event: DeployEvent): string | undefined {
  switch (event.type) {
    case "file-put":
      return `${event.target}: sent /${printable(event.path)} (${formatBytes(event.size)}, ${reasonWord(event.reason)})`;
    case "file-deleted":
      return `${event.target}: deleted /${printable(event.path)}`;
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
