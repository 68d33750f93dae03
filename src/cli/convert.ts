import { convertTarget } from "../deploy/convert.ts";
import { readyTarget } from "../deploy/open-target.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { confirm } from "./ask.ts";
import { type Configure, examples } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { openProject } from "./open-project.ts";
import { questions } from "./questions.ts";
import { releasesTargets } from "./releases-targets.ts";

interface ConvertOptions {
  readonly yes?: boolean;
}

/** `smartsync convert`: lays a document root out for releases. */
export const configureConvert: Configure = (command, run) => {
  command
    .argument("[target]", "the target's name; may be left out when only one keeps releases")
    .option("-y, --yes", "don't ask")
    .addHelpText(
      "after",
      examples([
        ["smartsync convert web1", "shows the steps, and asks"],
        ["smartsync convert web1 --yes", "without asking"],
      ]),
    )
    .action((target: string | undefined, options: ConvertOptions) =>
      run((console) => convert(target, options, console)),
    );
};

async function convert(name: string | undefined, { yes = false }: ConvertOptions, console: Console): Promise<ExitCode> {
  using project = await openProject(console);
  const picked = releasesTargets(project.config, undefined, name === undefined ? undefined : [name]);
  const [first, ...others] = picked;
  if (first === undefined || others.some(({ target }) => target !== first.target)) throw whichOne(picked);
  const { site, target } = first;
  const { style } = console;
  const approve = async (steps: readonly string[]) => {
    console.print(style.bold(target), ...steps.map((step, at) => `  ${at + 1}. ${step}`));
    if (yes) return true;
    if (!console.interactive) throw needsWord(target, steps);
    return confirm(console, "Do this now?", false);
  };
  const ready = await readyTarget(target, { ...project, ...questions(console, { yes }) });
  const { outcome, steps } = await convertTarget(ready, site, approve, console.ctx());
  console.printJson({ type: "converted", target, outcome, steps });
  if (outcome === "done") console.print(`${style.good("✓")} ${target} is laid out for releases`);
  else if (outcome === "needless") console.print(`${style.bold(target)}  is laid out for releases: nothing to do`);
  else console.print("Left as it is.");
  return EXIT.done;
}

function whichOne(picked: readonly { target: string }[]): SmartsyncError {
  return new SmartsyncError("there are several targets that keep releases", {
    kind: "config",
    code: "target-not-named",
    hint: `name one of: ${[...new Set(picked.map(({ target }) => target))].join(", ")}`,
  });
}

function needsWord(target: string, steps: readonly string[]): SmartsyncError {
  return new SmartsyncError(`converting "${target}" needs a person's word:${steps.map((s) => `\n  ${s}`).join("")}`, {
    kind: "refused",
    code: "not-confirmed",
    hint: `nothing was touched; if you agree with the steps: smartsync convert ${target} --yes`,
  });
}
