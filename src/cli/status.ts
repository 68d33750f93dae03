import type { Failure } from "../core/events.ts";
import { inspectTarget, type TargetStatus } from "../deploy/inspect-target.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { describeOwner } from "../deploy/lock.ts";
import { toFailure } from "../deploy/to-failure.ts";
import { formatTime } from "../report/local-time.ts";
import { countOf } from "../report/quantities.ts";
import { countsText, outcomeText, renderFailure } from "../report/result-text.ts";
import type { Style } from "../report/style.ts";
import type { RunRecord } from "../state/run-store.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { type ExitCode, exitCodeForSome } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { pickTargets, type SiteTarget } from "./pick-targets.ts";

/** `smartsync status`: the last delivery, and what each target says of itself now. */
export const configureStatus: Configure = (command, run) => {
  command
    .argument("[site]", "only this site's")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .addHelpText(
      "after",
      examples([
        ["smartsync status", "every site and target"],
        ["smartsync status corporate --target web1", "one of them"],
      ]),
    )
    .action((site: string | undefined, { target }: { target?: string[] }) =>
      run((console) => status(site, target, console)),
    );
};

/** What is known of a target now: what it says, or why it could not be asked. */
type Answer = SiteTarget & ({ status: TargetStatus } | { failure: Failure });

async function status(
  site: string | undefined,
  targets: readonly string[] | undefined,
  console: Console,
): Promise<ExitCode> {
  using project = await openProject(console);
  const picked = pickTargets(project.config, site, targets);
  const answers = await Promise.all(picked.map((each) => ask(each, project, console)));
  for (const [name, ofSite] of Map.groupBy(answers, (answer) => answer.site)) {
    tellSite(name, project, console);
    for (const answer of ofSite) tellTarget(answer, console);
  }
  return exitCodeForSome(answers.filter((answer) => "failure" in answer).length, answers.length);
}

async function ask(of: SiteTarget, deps: PlanDeps, console: Console): Promise<Answer> {
  try {
    return { ...of, status: await inspectTarget(of.target, deps, console.ctx()) };
  } catch (error) {
    console.shell.signal.throwIfAborted();
    return { ...of, failure: toFailure(error, deps.redactor) };
  }
}

function tellSite(site: string, { state }: PlanDeps, console: Console): void {
  const { style } = console;
  const [last] = state.runs.list({ site, limit: 1 });
  console.printJson({ type: "site-status", site, lastRun: last ?? null });
  console.print(
    "",
    style.bold(site),
    ...(last === undefined ? ["  nothing delivered from here yet"] : lastRun(last, style)),
  );
}

function lastRun({ outcome, startedAt, by, id, targets }: RunRecord, style: Style): string[] {
  const ended = outcome === null ? style.caution("… not ended") : outcomeText(outcome, style);
  return [
    `  last run: ${ended}  ${formatTime(startedAt)} by ${by} (${id})`,
    ...targets.map((result) => `    ${result.target}: ${countsText(result)}`),
  ];
}

function tellTarget(answer: Answer, console: Console): void {
  const { style } = console;
  if ("failure" in answer) {
    console.printJson({ type: "target-status", site: answer.site, target: answer.target, failure: answer.failure });
    const lines = renderFailure(answer.failure, style).map((line) => `    ${line}`);
    console.print(`  ${style.bold(answer.target)}  ${style.bad("can't be asked")}`, ...lines);
    return;
  }
  const { place, generation, files, lastRun, at, interrupted, lock } = answer.status;
  console.printJson({ type: "target-status", site: answer.site, target: answer.target, ...answer.status });
  const when = at === null ? "" : ` · delivered ${formatTime(Date.parse(at))} (run ${lastRun})`;
  const holds =
    generation === null
      ? "never delivered to"
      : generation === 0
        ? "no whole delivery yet"
        : `${countOf(files, "file")}, generation ${generation}${when}`;
  console.print(`  ${style.bold(answer.target)}  ${style.dim(place)}`, `    ${holds}`);
  if (interrupted !== null) {
    const since = `${formatTime(Date.parse(interrupted.at))} by ${interrupted.by}`;
    const next = `run ${interrupted.run} of ${since} did not end: ${countOf(interrupted.paths, "path")} open; push takes it up`;
    console.print(style.caution(`    ! ${next}`));
  }
  if (lock !== null) {
    const owner = describeOwner(lock === "nameless" ? undefined : lock);
    console.print(style.caution(`    ! locked: ${owner}`));
  }
}
