import { expect, test } from "vitest";
import type { DeployEvent } from "../../src/core/events.ts";
import { redactEvent } from "../../src/deploy/redact-event.ts";
import { createRedactor } from "../../src/lib/redact.ts";

const secret = "ひみつ-8f2b";
const events: DeployEvent[] = [
  { type: "hook-started", target: "web1", when: "before", command: `purge --token ${secret}` },
  {
    type: "hook-done",
    target: "web1",
    when: "after",
    command: `purge --token ${secret}`,
    exitCode: 1,
    seconds: 1,
    output: `+ purge --token ${secret}\n`,
  },
  { type: "warning", target: "web1", code: "hook-failed", message: `purge ${secret} failed`, hint: `not ${secret}?` },
  { type: "retry", target: "web1", doing: "connect", attempt: 1, waitSeconds: 1, reason: `no ${secret}` },
  { type: "limit-learned", target: "web1", connections: 2, reason: `421 ${secret}` },
  { type: "reverted", target: "web1", because: `web2 said ${secret}` },
];

test.each(events)("the words of $type hold no secret, and the rest stays", (event) => {
  const redactor = createRedactor();
  expect(redactEvent(event, redactor)).toEqual(event);
  redactor.add(secret);
  const clean = redactEvent(event, redactor);
  expect(JSON.stringify(clean)).toBe(JSON.stringify(event).replaceAll(secret, "***"));
  expect(JSON.stringify(clean)).toContain("***");
});
