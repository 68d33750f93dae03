import { type Command, InvalidArgumentError } from "commander";
import type { LoadedConfig } from "../config/load-config.ts";
import { pickSite } from "../config/pick-site.ts";
import { GUARDS, type GuardName } from "../core/guard.ts";
import type { Job } from "../deploy/job.ts";
import { collect } from "./command.ts";
import { pickTargets } from "./pick-targets.ts";

/** The options that say what a delivery is of. */
export interface JobOptions {
  readonly target?: readonly string[];
  readonly only?: readonly string[];
  readonly force?: boolean;
  readonly allow?: readonly GuardName[];
}

/** Adds the site and the options that say what a delivery is of; "plan" and "push" share them. */
export function addJobOptions(command: Command): Command {
  return command
    .argument("[site]", "the site's name; may be left out when there is only one")
    .option("-t, --target <name>", "only this target (may be repeated)", collect)
    .option(
      "--only <pattern...>",
      "only these files or folders, the rest is left as it is; takes every word that follows, so name the site before it",
    )
    .option("--force", "send every file again, changed or not")
    .option("--allow <guard>", `override a guard this once: ${GUARDS.join(", ")} (may be repeated)`, collectGuards);
}

/** The job that a command line asks for; throws (kind config) when it names a site or target that isn't there. */
export function makeJob(config: LoadedConfig, site: string | undefined, options: JobOptions, trigger: string): Job {
  const { target, only, force, allow } = options;
  const { name } = pickSite(config, site);
  pickTargets(config, name, target);
  return {
    site: name,
    ...(target === undefined ? {} : { targets: target }),
    ...(only === undefined ? {} : { only }),
    ...(force === undefined ? {} : { force }),
    ...(allow === undefined ? {} : { allow }),
    trigger,
  };
}

function collectGuards(value: string, before: readonly GuardName[] = []): GuardName[] {
  return [...before, ...collect(value).map(toGuard)];
}

function toGuard(name: string): GuardName {
  const guard = GUARDS.find((each) => each === name);
  if (guard === undefined) throw new InvalidArgumentError(`The guards are: ${GUARDS.join(", ")}.`);
  return guard;
}
