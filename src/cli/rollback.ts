import { pickSite } from "../config/pick-site.ts";
import type { DeployEvent, TargetResult } from "../core/events.ts";
import { listReleases } from "../deploy/find-release.ts";
import { readyTarget } from "../deploy/open-target.ts";
import { type PlannedSwitch, rollBack } from "../deploy/rollback.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import { renderFailure } from "../report/render-failure.ts";
import { confirm } from "./ask.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode, exitCodeFor } from "./exit-code.ts";
import { openProject, type Project } from "./open-project.ts";
import { questions } from "./questions.ts";
import { releasesTargets } from "./releases-targets.ts";

interface RollbackOptions {
  readonly to?: string;
  readonly target?: readonly string[];
  readonly list?: boolean;
  readonly yes?: boolean;
}

/** `smartsync rollback`: switches targets that keep releases to another one. */
export const configureRollback: Configure = (command, run) => {
  command
    .argument("[site]", "the site's name; may be left out when there is only one")
    .option("--to <release>", "the release to switch to, or how its name begins; the one before when left out")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .option("--list", "show the releases of each target, and change nothing")
    .option("-y, --yes", "don't ask; without a terminal nothing is asked anyway")
    .addHelpText(
      "after",
      examples([
        ["smartsync rollback", "the release before, on every target that keeps releases"],
        ["smartsync rollback corporate --list", "which there are"],
        ["smartsync rollback corporate --to 20261122T1000", "this one, forward or back"],
      ]),
    )
    .action((site: string | undefined, options: RollbackOptions) => run((console) => rollback(site, options, console)));
};

async function rollback(site: string | undefined, options: RollbackOptions, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const { name } = pickSite(project.config, site);
  const targets = releasesTargets(project.config, name, options.target).map(({ target }) => target);
  if (options.list) return await list(targets, project, console);
  const { to } = options;
  const job = { site: name, targets, ...(to === undefined ? {} : { to }) };
  const approve = (switches: readonly PlannedSwitch[]) => askFor(switches, options, console);
  const asker = questions(console, { yes: options.yes ?? false });
  const report = await rollBack(job, { ...project, ...asker, approve }, console.ctx(teller(console)));
  return exitCodeFor(report.outcome);
}

async function list(targets: readonly string[], project: Project, console: Console): Promise<ExitCode> {
  const { style } = console;
  for (const target of targets) {
    await using open = await (await readyTarget(target, project)).open("dry", console.ctx());
    const releases = await listReleases(target, open, console.ctx());
    console.printJson({ type: "releases", target, releases });
    console.print(style.bold(target), ...(releases.length === 0 ? ["  none yet: the first delivery makes one"] : []));
    for (const { name, current, recorded } of releases) {
      const note = current ? style.good("  ← visitors see this one") : recorded ? "" : style.dim("  never served");
      console.print(`  ${name}${note}`);
    }
  }
  return EXIT.done;
}

async function askFor(switches: readonly PlannedSwitch[], { yes = false }: RollbackOptions, console: Console) {
  for (const { target, from, to } of switches) {
    console.print(`${console.style.bold(target)}  ${from ?? "nothing"} → ${to}`);
  }
  if (yes || !console.interactive) return true;
  try {
    return await confirm(console, `Switch ${switches.map(({ target }) => target).join(", ")}?`, true);
  } catch (error) {
    // Ctrl-C at the question is a no, and the history says so.
    if (toSmartsyncError(error).kind === "aborted") return false;
    throw error;
  }
}

/** A rollback sends no file: what is told of it is little. */
function teller(console: Console): (event: DeployEvent) => void {
  const { style, print, printJson, warn, warnStyle } = console;
  return (event) => {
    printJson(event);
    if (event.type === "target-done") print(...resultLines(event.result, console));
    else if (event.type === "warning") warn(`${warnStyle.caution("warning:")} ${event.message}`);
    else if (event.type === "switched") print(`${style.bold(event.target)}  visitors see ${event.to}`);
    else if (event.type === "reverted") warn(`${event.target}: put back as it was before: ${event.because}`);
  };
}

function resultLines({ target, outcome, failure }: TargetResult, { style }: Console): string[] {
  if (failure !== undefined) return [style.bad(`✗ ${target}: ${outcome}`), ...renderFailure(failure, style)];
  if (outcome === "done")
    return [`${style.good("✓")} ${target}  done; the next plan shows how it differs from the source`];
  if (outcome === "unchanged") return [`${style.good("✓")} ${target}  serves it already`];
  return [`${target}  left as it is`];
}
