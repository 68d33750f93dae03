import type { Output, Reporter } from "./reporter.ts";

/** Prints every event as one line of JSON, for programs. */
export function createNdjsonReporter(output: Output): Reporter {
  return {
    onEvent(event) {
      output.write(`${JSON.stringify(event)}\n`);
    },
    close() {},
  };
}
