import { expect, test } from "vitest";
import type { DeployEvent } from "../../src/core/events.ts";
import { createNdjsonReporter } from "../../src/report/ndjson.ts";
import { FakeOutput } from "./fake-output.ts";

test("every event is one line of JSON, line ends in names included", () => {
  const output = new FakeOutput();
  const reporter = createNdjsonReporter(output);
  const events: DeployEvent[] = [
    { type: "file-deleted", target: "web1", path: "お知らせ\n2026.html" },
    { type: "done", run: "r", site: "corporate", outcome: "done", seconds: 1, targets: [] },
  ];
  for (const event of events) reporter.onEvent(event);
  expect(output.lines.map((line) => JSON.parse(line))).toEqual(events);
});
