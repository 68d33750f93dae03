import type { Ctx } from "../core/context.ts";
import type { DeployEvent } from "../core/events.ts";
import type { Redactor } from "../lib/redact.ts";
import type { RunStore } from "../state/run-store.ts";
import type { Job, RunReport } from "./job.ts";
import { whoAmI } from "./lock-owner.ts";
import { redactEvent } from "./redact-event.ts";

/** So many events are stored in one transaction. */
const BATCH = 256;

/** The history of one run while it is made. */
export interface HistoryKeeper {
  /** The context whose events are also remembered. Whatever is told through it holds no secret any more. */
  readonly ctx: Ctx;
  /** Stores the rest and how it ended. */
  finish(report: RunReport): void;
}

/** Remembers a run: that it began, what happened in it, how it ended. Progress and the body of a plan are left out. */
export function keepHistory(
  runs: RunStore,
  run: string,
  job: Pick<Job, "site" | "trigger">,
  redactor: Redactor,
  ctx: Ctx,
): HistoryKeeper {
  let events: { at: number; event: DeployEvent }[] = [];
  runs.start({ id: run, site: job.site, trigger: job.trigger, startedAt: ctx.clock.now(), by: whoAmI() });
  const store = () => {
    if (events.length > 0) runs.record(run, events);
    events = [];
  };
  return {
    ctx: {
      ...ctx,
      emit(event) {
        const clean = redactEvent(event, redactor);
        ctx.emit(clean);
        const kept = condense(clean);
        if (kept !== undefined) events.push({ at: ctx.clock.now(), event: kept });
        if (events.length >= BATCH) store();
      },
    },
    finish(report) {
      store();
      runs.finish(run, report, ctx.clock.now());
    },
  };
}

function condense(event: DeployEvent): DeployEvent | undefined {
  if (event.type === "scan-progress" || event.type === "file-progress" || event.type === "settling") return undefined;
  if (event.type === "planned") return { ...event, plan: { ...event.plan, phases: [], emptied: [] } };
  return event;
}
