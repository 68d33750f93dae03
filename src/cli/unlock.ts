import { pickSite } from "../config/pick-site.ts";
import { inspectTarget, unlockTarget } from "../deploy/inspect-target.ts";
import type { PlanDeps } from "../deploy/job.ts";
import { describeOwner } from "../deploy/lock.ts";
import { readyTarget } from "../deploy/open-target.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { confirm } from "./ask.ts";
import { type Configure, collect, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { pickTargets } from "./pick-targets.ts";
import { questions } from "./questions.ts";

interface UnlockOptions {
  readonly target?: readonly string[];
  readonly yes?: boolean;
}

/** `smartsync unlock`: gives targets free whose delivery is dead. */
export const configureUnlock: Configure = (command, run) => {
  command
    .argument("[site]", "the site's name; may be left out when there is only one")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .option("-y, --yes", "don't ask")
    .addHelpText(
      "after",
      `
A lock whose owner died goes by itself: at once on the same machine, after two minutes of silence elsewhere.
${examples([
  ["smartsync unlock", "shows who holds each target, and asks"],
  ["smartsync unlock corporate --target web1 --yes", "one target, without asking"],
])}`,
    )
    .action((site: string | undefined, options: UnlockOptions) => run((console) => unlock(site, options, console)));
};

async function unlock(site: string | undefined, options: UnlockOptions, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const { name } = pickSite(project.config, site);
  const deps = { ...project, ...questions(console, { yes: options.yes ?? false }) };
  for (const { target } of pickTargets(project.config, name, options.target)) {
    await unlockOne(target, options, deps, console);
  }
  return EXIT.done;
}

async function unlockOne(target: string, { yes = false }: UnlockOptions, deps: PlanDeps, console: Console) {
  const { style } = console;
  const ready = await readyTarget(target, deps);
  const { lock } = await inspectTarget(ready, console.ctx());
  if (lock === null) {
    console.printJson({ type: "unlocked", target, owner: null });
    console.print(`${style.bold(target)}  is not locked`);
    return;
  }
  const owner = describeOwner(lock === "nameless" ? undefined : lock);
  console.print(`${style.bold(target)}  ${style.caution("locked:")} ${owner}`);
  if (!yes && !console.interactive) throw needsWord(target, owner);
  if (
    !yes &&
    !(await confirm(console, "Is that delivery dead for certain? Two at once would spoil the site.", false))
  ) {
    console.print("Left as it is.");
    return;
  }
  await unlockTarget(ready, console.ctx());
  console.printJson({ type: "unlocked", target, owner: lock });
  console.print(`${style.good("✓")} ${target} is free`);
}

function needsWord(target: string, owner: string): SmartsyncError {
  return new SmartsyncError(`"${target}" is held: ${owner}`, {
    kind: "refused",
    code: "locked",
    hint: "if you are sure that it is dead: smartsync unlock --yes",
  });
}
