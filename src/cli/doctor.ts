import { access, constants } from "node:fs/promises";
import { type Check, type Finding, ok, tryOut } from "../deploy/check.ts";
import { examineTarget } from "../deploy/doctor.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { examineCdn } from "../deploy/purge/examine-cdn.ts";
import { openSiteSource } from "../deploy/site-source.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { countOf, formatCount } from "../report/quantities.ts";
import type { Style } from "../report/style.ts";
import { printable } from "../report/text-width.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { pickTargets } from "./pick-targets.ts";
import { questions } from "./questions.ts";

/** `smartsync doctor`: tries everything a delivery needs, here, on each target, and of each CDN. */
export const configureDoctor: Configure = (command, run) => {
  command
    .argument("[site]", "only this site's")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .addHelpText(
      "after",
      `
It writes files named .smartsync-probe-… on the targets, and removes them.
${examples([
  ["smartsync doctor", "the configuration, the sources, every target and CDN"],
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
  const findings = openFindings(console);

  findings.begin("this machine");
  findings.tell({}, await tryOut("configuration", async () => ok(describeConfig(project))));
  findings.tell({}, await tryOut("local state", () => checkState(project)));
  for (const name of new Set(picked.map((each) => each.site))) {
    findings.tell({ site: name }, await tryOut("source", () => checkSource(name, project, console)));
  }
  const seen = new Set<string>();
  const deps = { ...project, ...questions(console) };
  for (const { site, target } of picked) {
    if (seen.has(target)) continue;
    seen.add(target);
    findings.begin(target);
    const ctx = console.ctx((event) => {
      if (event.type === "warning")
        findings.tell({ site, target }, { name: "warning", ...warning(event.message, event.hint) });
    });
    for await (const check of examineTarget(target, project.config.sites[site]?.url, deps, ctx)) {
      findings.tell({ site, target }, check);
    }
  }
  // Whoever names a target asks for that alone.
  for (const site of targets === undefined ? new Set(picked.map((each) => each.site)) : []) {
    for (const cdn of project.config.sites[site]?.cdns ?? []) {
      findings.begin(cdn);
      const checks = await examineCdn(site, cdn, deps, console.ctx());
      for (const check of checks) findings.tell({ site, cdn }, check);
    }
  }
  return findings.end();
}

/** What was found so far, told as it comes, each chapter under its heading. */
function openFindings(console: Console) {
  const { style, options, print, printJson } = console;
  const counts = { ok: 0, warning: 0, failed: 0 };
  let heading: string[] = [];
  return {
    begin(title: string): void {
      heading = [...(options.quiet ? [] : [""]), style.bold(title)];
    },
    tell(about: { site?: string; target?: string; cdn?: string }, check: Check): void {
      counts[check.outcome]++;
      printJson({ type: "check", ...about, ...check });
      if (options.quiet && check.outcome === "ok") return;
      if (heading.length > 0) print(...heading);
      heading = [];
      print(...renderCheck(check, style));
    },
    end(): ExitCode {
      const outcome = counts.failed > 0 ? "failed" : counts.warning > 0 ? "warning" : "ok";
      printJson({ type: "done", outcome, ...counts });
      if (!options.quiet) print("", renderVerdict(counts, style));
      return counts.failed > 0 ? EXIT.failed : EXIT.done;
    },
  };
}

function renderVerdict({ failed, warning }: { failed: number; warning: number }, style: Style): string {
  const warnings = warning > 0 ? ` There ${warning === 1 ? "is 1 warning" : `are ${warning} warnings`} above.` : "";
  if (failed > 0) return style.bad(`${countOf(failed, "check")} failed.${warnings}`);
  return warning > 0 ? style.caution(`No check failed.${warnings}`) : style.good("Everything a delivery needs works.");
}

function describeConfig({ config }: PlanDeps): string {
  const sites = countOf(Object.keys(config.sites).length, "site");
  const cdns = Object.keys(config.cdns).length;
  const targets = countOf(Object.keys(config.targets).length, "target");
  return [`${config.file}: ${sites}`, targets, ...(cdns > 0 ? [countOf(cdns, "CDN")] : [])].join(", ");
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

async function checkSource(site: string, deps: PlanDeps, console: Console): Promise<Finding> {
  const { snapshot, problems } = await openSiteSource(site, deps).scan(console.ctx());
  const { size } = snapshot.files;
  const files = `${site}: ${countOf(size, "file")} can be read`;
  const refused = problems.filter(({ policy }) => policy === "refuse");
  const [first] = refused;
  if (first !== undefined) {
    const found = `/${printable(first.path)} (${first.problem}: ${printable(first.detail)})`;
    const others = refused.length > 1 ? ` and ${countOf(refused.length - 1, "other")}` : "";
    const hint = "correct or remove them, `exclude` them, or see `symlinks` and `specialFiles` in `smartsync schema`";
    return { ...warning(`${files}, but every push will be refused because of ${found}${others}`), hint };
  }
  if (size === 0) return warning(`${site}: there is no file, so every push will be refused`);
  return ok(problems.length > 0 ? `${files}, ${formatCount(problems.length)} skipped` : files);
}

function warning(detail: string, hint?: string) {
  return { outcome: "warning" as const, detail, ...(hint !== undefined && { hint }) };
}

const NAME_COLUMNS = 13;
const MARKS = { ok: ["✓", "good"], warning: ["!", "caution"], failed: ["✗", "bad"] } as const;

function renderCheck({ outcome, name, detail, hint, code }: Check, style: Style): string[] {
  const [mark, colour] = MARKS[outcome];
  const [first = "", ...others] = detail.split("\n").map(printable);
  const named = code === undefined ? first : `${first} ${style.dim(`[${code}]`)}`;
  return [
    `  ${style[colour](mark)} ${name.padEnd(NAME_COLUMNS)} ${named}`,
    ...others.map((line) => `      ${line}`),
    ...(hint === undefined ? [] : [`    ${style.caution("hint:")} ${printable(hint)}`]),
  ];
}
