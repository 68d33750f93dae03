import type { Failure } from "../core/events.ts";
import { inspectTarget, type TargetStatus } from "../deploy/inspect-target.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { describeOwner } from "../deploy/lock.ts";
import { readyTarget } from "../deploy/open-target.ts";
import { toFailure } from "../deploy/to-failure.ts";
import { formatTime } from "../report/local-time.ts";
import { countOf, formatCount } from "../report/quantities.ts";
import { renderFailure } from "../report/render-failure.ts";
import { countsText, outcomeText } from "../report/result-text.ts";
import type { Style } from "../report/style.ts";
import type { RunRecord } from "../state/run-store.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { type ExitCode, exitCodeForSome } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { pickTargets, type SiteTarget } from "./pick-targets.ts";
import { questions } from "./questions.ts";

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

/** What is known of a target now: where it is, and what it says or why it could not be asked. */
type Answer = SiteTarget & { place?: string } & ({ status: TargetStatus } | { failure: Failure });

async function status(
  site: string | undefined,
  targets: readonly string[] | undefined,
  console: Console,
): Promise<ExitCode> {
  using project = await openProject(console);
  const picked = pickTargets(project.config, site, targets);
  const deps = { ...project, ...questions(console) };
  const answers = await Promise.all(picked.map((each) => ask(each, deps, console)));
  for (const [name, ofSite] of Map.groupBy(answers, (answer) => answer.site)) {
    tellSite(name, project, console);
    for (const answer of ofSite) tellTarget(answer, console);
  }
  return exitCodeForSome(answers.filter((answer) => "failure" in answer).length, answers.length);
}

async function ask(of: SiteTarget, deps: PlanDeps, console: Console): Promise<Answer> {
  let known: SiteTarget & { place?: string } = of;
  try {
    const ready = await readyTarget(of.target, deps);
    known = { ...of, place: ready.place };
    return { ...known, status: await inspectTarget(ready, console.ctx()) };
  } catch (error) {
    console.shell.signal.throwIfAborted();
    return { ...known, failure: toFailure(error, deps.redactor) };
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

function lastRun(last: RunRecord, style: Style): string[] {
  const { outcome, startedAt, trigger, by, id, targets } = last;
  const ended = outcome === null ? style.caution("… not ended") : outcomeText({ ...last, outcome }, style);
  return [
    `  last run: ${ended}  ${formatTime(startedAt)} · ${trigger} by ${by} (${id})`,
    ...targets.map((result) => `    ${result.target}: ${countsText(result)}`),
  ];
}

function tellTarget(answer: Answer, { style, print, printJson }: Console): void {
  const { site, target, place } = answer;
  const said = "status" in answer ? answer.status : { failure: answer.failure };
  printJson({ type: "target-status", site, target, ...(place === undefined ? {} : { place }), ...said });
  const heading = [style.bold(target), ...(place === undefined ? [] : [style.dim(place)])];
  if ("failure" in answer) {
    const lines = renderFailure(answer.failure, style).map((line) => `    ${line}`);
    print(`  ${[...heading, style.bad("can't be asked")].join("  ")}`, ...lines);
  } else {
    print(`  ${heading.join("  ")}`, ...standing(answer.status, style).map((line) => `    ${line}`));
  }
}

/** What a target is at: a delivery under way, one that broke off, or the last one. */
function standing(status: TargetStatus, style: Style): string[] {
  const owed = status.owed.map(({ run, cdns }) => {
    const from = cdns.length === 0 ? "the CDNs" : cdns.join(", ");
    return style.caution(
      `! run ${run} has still to be purged from ${from}: the next push does it, or \`smartsync purge\``,
    );
  });
  return [...delivered(status, style), ...(status.delivering ? [] : owed)];
}

function delivered(
  { generation, files, kept, lastRun, at, interrupted, lock, delivering }: TargetStatus,
  style: Style,
) {
  const owner = lock === null ? undefined : describeOwner(lock === "nameless" ? undefined : lock);
  if (delivering) return [style.caution(`… delivering now: ${owner}`)];
  if (interrupted !== null) {
    const when = formatTime(Date.parse(interrupted.at));
    return [
      style.caution(`! interrupted: run ${interrupted.run} of ${when} by ${interrupted.by}`),
      `  ${countOf(interrupted.paths, "path")} unsure; the next push takes it up`,
    ];
  }
  const dead = owner === undefined ? [] : [style.caution(`! a dead run left its lock: ${owner}`)];
  if (generation === null) return ["never delivered to", ...dead];
  const when = at === null ? "" : ` · delivered ${formatTime(Date.parse(at))} (run ${lastRun})`;
  const leaving = kept > 0 ? ` (${formatCount(kept)} of them kept, not in the site any more)` : "";
  return [`${countOf(files, "file")}${leaving}, generation ${generation}${when}`, ...dead];
}
