import { access, constants } from "node:fs/promises";
import { type Check, ok, tryOut } from "../deploy/check.ts";
import { examineTarget } from "../deploy/doctor.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { openSiteSource } from "../deploy/site-source.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { countOf } from "../report/quantities.ts";
import { printable, shorten } from "../report/text-width.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { pickTargets } from "./pick-targets.ts";

/** `smartsync doctor`: tries everything a delivery needs, here and on each target. */
export const configureDoctor: Configure = (command, run) => {
  command
    .argument("[site]", "only this site's")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .addHelpText(
      "after",
      `
It writes files named .smartsync-probe-… on the targets, and removes them.
${examples([
  ["smartsync doctor", "the configuration, the sources and every target"],
  ["smartsync doctor corporate --target web1", "one target"],
])}`,
    )
    .action((site: string | undefined, { target }: { target?: string[] }) =>
      run((console) => doctor(site, target, console)),
    );
};

async function doctor(site: string | undefined, targets: readonly string[] | undefined, console: Console) {
  using project = await openProject(console);
  const picked = pickTargets(project.config, site, targets);
  let failed = 0;
  const tell = (about: { site?: string; target?: string }, check: Check) => {
    if (check.outcome === "failed") failed++;
    tellCheck(about, check, console);
  };

  tellHeading("this machine", console);
  tell({}, await tryOut("configuration", async () => ok(describeConfig(project))));
  tell({}, await tryOut("local state", () => checkState(project)));
  for (const name of new Set(picked.map((each) => each.site))) {
    tell({ site: name }, await tryOut("source", () => checkSource(name, project, console)));
  }
  const seen = new Set<string>();
  for (const { site, target } of picked) {
    if (seen.has(target)) continue;
    seen.add(target);
    tellHeading(target, console);
    const ctx = console.ctx((event) => {
      if (event.type === "warning")
        tell({ site, target }, { name: "warning", outcome: "warning", detail: event.message });
    });
    for await (const check of examineTarget(target, project.config.sites[site]?.url, project, ctx)) {
      tell({ site, target }, check);
    }
  }
  const verdict =
    failed === 0
      ? console.style.good("Everything a delivery needs works.")
      : console.style.bad(`${countOf(failed, "check")} failed.`);
  console.print("", verdict);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function describeConfig({ config }: PlanDeps): string {
  const sites = countOf(Object.keys(config.sites).length, "site");
  return `${config.file}: ${sites}, ${countOf(Object.keys(config.targets).length, "target")}`;
}

async function checkState({ state }: PlanDeps) {
  try {
    await access(state.dir, constants.W_OK);
  } catch (cause) {
    throw new SmartsyncError(`${state.dir} can't be written`, {
      kind: "config",
      code: "state-unwritable",
      hint: "run smartsync as the user it belongs to",
      cause,
    });
  }
  return ok(`${state.dir} can be written`);
}

async function checkSource(site: string, deps: PlanDeps, console: Console) {
  const { snapshot, problems } = await openSiteSource(site, deps).scan(console.ctx());
  const files = `${site}: ${countOf(snapshot.files.size, "file")} can be read`;
  const [first] = problems;
  if (first === undefined) return snapshot.files.size > 0 ? ok(files) : warning(`${site}: there is no file`);
  const found = `/${printable(first.path)}: ${first.problem} (${printable(first.detail)})`;
  return warning(`${files}; ${countOf(problems.length, "entry", "entries")} can't be delivered, the first is ${found}`);
}

function warning(detail: string) {
  return { outcome: "warning" as const, detail };
}

const NAME_COLUMNS = 13;
const MARKS = { ok: ["✓", "good"], warning: ["!", "caution"], failed: ["✗", "bad"] } as const;

function tellHeading(heading: string, { print, style, options }: Console): void {
  if (!options.quiet) print("", style.bold(heading));
}

function tellCheck(about: { site?: string; target?: string }, check: Check, console: Console): void {
  const { style, width, options, print } = console;
  console.printJson({ type: "check", ...about, ...check });
  if (options.quiet && check.outcome === "ok") return;
  const [mark, colour] = MARKS[check.outcome];
  const detail = check.detail.split("\n").map(printable).join("\n      ");
  const room = width - NAME_COLUMNS - 5;
  const told = check.outcome === "ok" ? shorten(detail, room) : detail;
  print(`  ${style[colour](mark)} ${check.name.padEnd(NAME_COLUMNS)} ${told}`);
  if (check.hint !== undefined) print(`    ${style.caution("hint:")} ${printable(check.hint)}`);
}
