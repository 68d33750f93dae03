import { Option } from "commander";
import type { DeployEvent } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import { deploy } from "../deploy/deploy.ts";
import type { Job } from "../deploy/job.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { renderPlan } from "../report/plan-text.ts";
import { countOf } from "../report/quantities.ts";
import { confirm } from "./ask.ts";
import { type Configure, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { type ExitCode, exitCodeFor, exitCodeOf } from "./exit-code.ts";
import { addJobOptions, type JobOptions, makeJob } from "./job-options.ts";
import { openProject, type Project } from "./open-project.ts";
import { openReporter } from "./open-reporter.ts";
import { readPlanFile } from "./plan-file.ts";
import { warnOfError } from "./print-error.ts";
import { questions } from "./questions.ts";

interface PushOptions extends JobOptions {
  readonly plan?: string;
  readonly yes?: boolean;
}

/** `smartsync push`: delivers a site. */
export const configurePush: Configure = (command, run) => {
  addJobOptions(command)
    .addOption(
      new Option("-p, --plan <file>", "carry out a plan made by plan --out, exactly").conflicts([
        "target",
        "only",
        "force",
        "allow",
      ]),
    )
    .option("-y, --yes", "don't ask; without a terminal nothing is asked anyway")
    .addHelpText(
      "after",
      examples([
        ["smartsync push", "show the plan, ask, deliver"],
        ["smartsync push corporate --yes", "don't ask (cron, CI)"],
        ["smartsync push --only /index.html /news/", "a file and a folder; the rest stays as it is"],
        ["smartsync push --plan plan.json", "exactly what was approved, or nothing"],
        ["smartsync push --allow delete-limit", "override a guard this once"],
      ]),
    )
    .action((site: string | undefined, options: PushOptions) => run((console) => push(site, options, console)));
};

async function push(site: string | undefined, options: PushOptions, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const job = await jobOf(project, site, options);
  const reporter = await openReporter(console);
  let ended = false;
  const emit = (event: DeployEvent) => {
    ended ||= event.type === "done";
    reporter.onEvent(event);
  };
  console.shell.signal.addEventListener("abort", () => reporter.onEvent(STOPPING), { once: true });
  const approve = (plans: readonly Plan[]) => askFor(plans, options, console);
  const asker = questions(console, { reporter, yes: options.yes ?? false });
  try {
    const report = await deploy(job, { ...project, ...asker, approve }, console.ctx(emit));
    return exitCodeFor(report.outcome);
  } catch (error) {
    if (!ended) throw error;
    // The run's last event has told programs; people get the reason as well.
    const failure = toSmartsyncError(error);
    warnOfError(failure, console);
    return exitCodeOf(failure);
  } finally {
    reporter.close();
  }
}

const STOPPING: DeployEvent = {
  type: "warning",
  code: "stopping",
  message: "stopping: what is under way is left whole, nothing new is begun",
  hint: "once more to quit at once",
};

async function jobOf({ config }: Project, site: string | undefined, options: PushOptions): Promise<Job> {
  if (options.plan === undefined) return makeJob(config, site, options, "push");
  const made = await readPlanFile(options.plan);
  if (site !== undefined && site !== made.site) {
    throw new SmartsyncError(`the plan ${options.plan} is of the site "${made.site}", not "${site}"`, {
      kind: "config",
      code: "plan-of-other-site",
      hint: "leave the site's name out, or make a new plan",
    });
  }
  const target = made.plans.map((plan) => plan.target);
  return { ...makeJob(config, made.site, { target }, "push --plan"), plans: made.plans };
}

/** Shows the plans to whoever sits at the terminal, and asks unless --yes was given. */
async function askFor(plans: readonly Plan[], { yes = false }: PushOptions, console: Console): Promise<boolean> {
  const { style, width, interactive, options } = console;
  const watched = console.shell.stdout.isTTY === true && !options.quiet;
  if (watched || (interactive && !yes)) {
    for (const plan of plans) console.print("", ...renderPlan(plan, { style, width }));
    console.print("");
  }
  if (yes || !interactive) return true;
  try {
    return await confirm(console, questionOf(plans), true);
  } catch (error) {
    // Ctrl-C at the question is a no, and the history says so.
    if (toSmartsyncError(error).kind === "aborted") return false;
    throw error;
  }
}

function questionOf(plans: readonly Plan[]): string {
  const puts = plans.reduce((sum, { totals }) => sum + totals.puts, 0);
  const deletes = plans.reduce((sum, { totals }) => sum + totals.deletes, 0);
  const where = plans.map(({ target }) => target).join(", ");
  if (puts === 0 && deletes === 0)
    return markQuestion(plans, where) ?? `Tidy up after the interrupted delivery on ${where}?`;
  if (puts === 0) return `Delete ${countOf(deletes, "file")} on ${where}?`;
  return `Deliver ${countOf(puts, "file")} to ${where}${deletes > 0 ? ` and delete ${deletes} there` : ""}?`;
}

/** The question where files are only noted to have left the site, or to be back in it. */
function markQuestion(plans: readonly Plan[], where: string): string | undefined {
  const begins = plans.reduce((sum, { keeping }) => sum + (keeping?.begins.length ?? 0), 0);
  const ends = plans.reduce((sum, { keeping }) => sum + (keeping?.ends.length ?? 0), 0);
  const grace = plans.find(({ keeping }) => keeping?.grace)?.keeping?.grace;
  if (begins > 0) return `Keep ${countOf(begins, "file")} that left the site on ${where} for ${grace}?`;
  return ends > 0 ? `Note on ${where} that ${countOf(ends, "file")} came back?` : undefined;
}
