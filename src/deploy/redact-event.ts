import type { DeployEvent } from "../core/events.ts";
import type { Redactor } from "../lib/redact.ts";

/** The event with every known secret out of the words that servers, commands and errors put into it. */
export function redactEvent(event: DeployEvent, { redact }: Redactor): DeployEvent {
  switch (event.type) {
    case "hook-started":
      return { ...event, command: redact(event.command) };
    case "hook-done":
      return { ...event, command: redact(event.command), output: redact(event.output) };
    case "warning":
      return {
        ...event,
        message: redact(event.message),
        ...(event.hint === undefined ? {} : { hint: redact(event.hint) }),
      };
    case "retry":
    case "limit-learned":
      return { ...event, reason: redact(event.reason) };
    case "reverted":
      return { ...event, because: redact(event.because) };
    default:
      return event;
  }
}
