import { pickSite } from "../config/pick-site.ts";
import type { DeployEvent } from "../core/events.ts";
import { type PurgeJob, type PurgeReport, type PurgeWhat, purgeSite } from "../deploy/purge/purge-run.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { renderPurgePlan } from "../report/purge-plan-text.ts";
import { confirm } from "./ask.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode, exitCodeFor } from "./exit-code.ts";
import { openProject, type Project } from "./open-project.ts";
import { openReporter } from "./open-reporter.ts";
import { questions } from "./questions.ts";

interface PurgeOptions {
  readonly all?: boolean;
  readonly run?: string;
  readonly cdn?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `smartsync purge`: purges a site's CDNs without delivering. */
export const configurePurge: Configure = (command, run) => {
  command
    .argument("[site]", "the site's name; may be left out when there is only one")
    .argument(
      "[paths...]",
      "paths, folders, patterns or whole addresses; what earlier runs had left when none is given",
    )
    .option("--all", "everything of the site")
    .option("--run <id>", "what this run changed, or as much of its beginning as is unique")
    .option("--cdn <name>", "only this CDN (may be repeated)", collect)
    .option("--dry-run", "show what would be asked of each CDN, and ask nothing")
    .option("-y, --yes", "don't ask; without a terminal nothing is asked anyway")
    .addHelpText(
      "after",
      examples([
        ["smartsync purge", "what earlier runs could not purge"],
        ["smartsync purge corporate /index.html /news/", "a page and a folder"],
        ["smartsync purge --run 20261122T0312 --dry-run", "what that run changed; only show it"],
        ["smartsync purge corporate --all --cdn edge", "everything, from one CDN"],
      ]),
    )
    .action((site: string | undefined, paths: string[], options: PurgeOptions) =>
      run((console) => purge(site, paths, options, console)),
    );
};

async function purge(
  first: string | undefined,
  rest: readonly string[],
  options: PurgeOptions,
  console: Console,
): Promise<ExitCode> {
  using project = await openProject(console);
  const { site, paths } = readArguments(first, rest, project);
  const what = whatOf(paths, options);
  checkCdns(site, options.cdn, project);
  const job: PurgeJob = { site, what, dryRun: options.dryRun ?? false, ...(options.cdn && { cdns: options.cdn }) };
  if ("all" in what && !job.dryRun && !(await askForAll(job, options, console))) return EXIT.interrupted;
  const reporter = await openReporter(console, job.dryRun ? "text" : "events");
  try {
    const asker = questions(console, { reporter, yes: options.yes ?? false });
    const emit = (event: DeployEvent) => reporter.onEvent(event);
    const report = await purgeSite(job, { ...project, ...asker }, console.ctx(emit));
    if (job.dryRun) tellPlans(report, console);
    return exitCodeFor(report.outcome);
  } finally {
    reporter.close();
  }
}

/** With one site its name may be left out, and the first word is a path. */
function readArguments(first: string | undefined, rest: readonly string[], { config }: Project) {
  const isPath = first !== undefined && Object.keys(config.sites).length === 1 && /^(\/|https?:|.*[./*])/.test(first);
  const named = isPath ? undefined : first;
  return { site: pickSite(config, named).name, paths: isPath ? [first, ...rest] : rest };
}

function whatOf(paths: readonly string[], { all, run }: PurgeOptions): PurgeWhat {
  const given = [paths.length > 0, all === true, run !== undefined].filter(Boolean);
  if (given.length > 1) {
    throw new SmartsyncError("paths, --all and --run exclude one another", {
      kind: "config",
      code: "usage",
      hint: "purge one after the other",
    });
  }
  if (all) return { all };
  if (run !== undefined) return { run };
  return paths.length > 0 ? { paths } : { outstanding: true };
}

function checkCdns(site: string, cdns: readonly string[] | undefined, { config }: Project): void {
  const known = config.sites[site]?.cdns ?? [];
  const foreign = cdns?.find((name) => !known.includes(name));
  if (foreign === undefined && known.length > 0) return;
  const message =
    foreign === undefined || known.length === 0
      ? `the site "${site}" has no CDN`
      : `the site "${site}" has no CDN named "${foreign}"`;
  const hint = known.length === 0 ? "name them in its `cdns`" : `its CDNs are: ${known.join(", ")}`;
  throw new SmartsyncError(message, { kind: "config", code: "cdn-unknown", hint });
}

async function askForAll({ site, cdns }: PurgeJob, { yes = false }: PurgeOptions, console: Console): Promise<boolean> {
  if (yes || !console.interactive) return true;
  const from = cdns === undefined ? "its CDNs" : cdns.join(", ");
  try {
    return await confirm(console, `Drop everything of ${site} from ${from}? Every page is fetched anew then.`, true);
  } catch (error) {
    if (toSmartsyncError(error).kind === "aborted") return false;
    throw error;
  }
}

function tellPlans({ plans = [] }: PurgeReport, console: Console): void {
  const { style, width, print } = console;
  if (plans.length === 0) print("Nothing is to be purged.");
  for (const each of plans) print("", ...renderPurgePlan(each, { style, width }));
}
