import type { DeployEvent } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import { makePlans, type Plans } from "../deploy/make-plans.ts";
import { renderPlan, renderRefusals } from "../report/plan-text.ts";
import { purgePlanLine } from "../report/purge-plan-text.ts";
import { renderFailure } from "../report/render-failure.ts";
import { type Configure, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { addJobOptions, type JobOptions, makeJob } from "./job-options.ts";
import { openProject } from "./open-project.ts";
import { openReporter } from "./open-reporter.ts";
import { writePlanFile } from "./plan-file.ts";
import { type Asker, questions } from "./questions.ts";

interface PlanOptions extends JobOptions {
  readonly out?: string;
  readonly exitCode?: boolean;
  readonly all?: boolean;
}

/** `smartsync plan`: what a delivery would do. */
export const configurePlan: Configure = (command, run) => {
  addJobOptions(command)
    .option("-o, --out <file>", "write the plan to a file, for push --plan")
    .option("--exit-code", "exit with 10 when there is something to deliver")
    .option("--all", "name every file, not only folders where there are many")
    .addHelpText(
      "after",
      examples([
        ["smartsync plan", "what would be sent and deleted, and why"],
        ["smartsync plan corporate --target web1", "on one target"],
        ["smartsync plan --out plan.json", "to be approved, then: smartsync push --plan plan.json"],
        ["smartsync plan --exit-code --quiet", "in a script: 10 means there is something to deliver"],
      ]),
    )
    .action((site: string | undefined, options: PlanOptions) => run((console) => plan(site, options, console)));
};

async function plan(site: string | undefined, options: PlanOptions, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const job = makeJob(project.config, site, options, "plan");
  const made = await watch(console, (emit, asker) => makePlans(job, { ...project, ...asker }, console.ctx(emit)));
  tell(job.site, made, options, console);
  if (options.out !== undefined) {
    await writePlanFile(options.out, made.plans);
    console.print("", `The plan is in ${options.out}; carry it out with: smartsync push --plan ${options.out}`);
  }
  return judge(made, options);
}

/** Makes the plans under the eyes of a reporter. Plans are told when all are there, so people's reporters aren't. */
async function watch(
  console: Console,
  work: (emit: (event: DeployEvent) => void, asker: Asker) => Promise<Plans>,
): Promise<Plans> {
  const reporter = await openReporter(console, "text");
  try {
    const emit = (event: DeployEvent) => {
      if (event.type !== "planned" || console.options.json) reporter.onEvent(event);
    };
    return await work(emit, questions(console, { reporter }));
  } finally {
    reporter.close();
  }
}

function tell(site: string, made: Plans, { all = false }: PlanOptions, console: Console): void {
  const { plans, failed } = made;
  const { style, width, quiet } = { ...console, ...console.options };
  const gap = quiet ? [] : [""];
  for (const each of plans) {
    console.print(...(quiet ? renderRefusals(each, style) : ["", ...renderPlan(each, { style, width, all })]));
  }
  for (const { name, failure } of failed) {
    const lines = renderFailure(failure, style).map((line) => `  ${line}`);
    console.print(...gap, `${style.bold(name)}  ${style.bad("could not be looked at")}`, ...lines);
  }
  if (!quiet) console.print(...made.purges.flatMap((purge) => ["", purgePlanLine(purge, style)]));
  const targets = [
    ...plans.map((plan) => ({ target: plan.target, outcome: outcomeOf(plan), ...plan.totals })),
    ...failed.map(({ name, failure }) => ({ target: name, outcome: "failed", failure })),
  ];
  const purges = made.purges.map(({ cdn, plan: { batches, ...plan } }) => ({ cdn, requests: batches.length, ...plan }));
  console.printJson({ type: "done", site, outcome: outcomeOfAll(made), targets, ...(purges.length > 0 && { purges }) });
}

type PlanOutcome = "unchanged" | "changes" | "refused";

function outcomeOf({ phases, keeping, refusals }: Plan): PlanOutcome {
  if (refusals.length > 0) return "refused";
  return phases.length > 0 || keeping !== undefined ? "changes" : "unchanged";
}

/** What weighs most: a target that could not be looked at, a refusal, a change. */
function outcomeOfAll({ plans, failed }: Plans): PlanOutcome | "failed" | "partial" {
  if (failed.length > 0) return plans.length === 0 ? "failed" : "partial";
  const outcomes = plans.map(outcomeOf);
  return (["refused", "changes"] as const).find((outcome) => outcomes.includes(outcome)) ?? "unchanged";
}

const EXIT_CODES = {
  unchanged: EXIT.done,
  changes: EXIT.done,
  refused: EXIT.refused,
  failed: EXIT.failed,
  partial: EXIT.partial,
} as const;

function judge(made: Plans, { exitCode = false }: PlanOptions): ExitCode {
  const outcome = outcomeOfAll(made);
  return exitCode && outcome === "changes" ? EXIT.changes : EXIT_CODES[outcome];
}
