import type { LoadedConfig } from "../config/load-config.ts";
import type { DeployEvent, Outcome, TargetResult } from "../core/events.ts";
import type { GuardName } from "../core/guard.ts";
import type { Plan } from "../core/plan.ts";
import type { PurgeResult } from "../core/purge-result.ts";
import type { Redactor } from "../lib/redact.ts";
import type { LocalState } from "../state/local-state.ts";

/** One delivery to be made, however it was triggered. */
export interface Job {
  readonly site: string;
  /** Which of the site's targets; all when absent. */
  readonly targets?: readonly string[];
  /** Patterns or folders: deliver only these and leave the rest as it is. */
  readonly only?: readonly string[];
  /** Send every file again, changed or not. */
  readonly force?: boolean;
  /** Guards overridden this once. */
  readonly allow?: readonly GuardName[];
  /** Plans made earlier: carried out exactly, or refused when source or target have moved since. */
  readonly plans?: readonly Plan[];
  /** What started it: "push". */
  readonly trigger: string;
}

/** What is needed to look at a site and its targets. */
export interface PlanDeps {
  readonly config: LoadedConfig;
  readonly state: LocalState;
  readonly redactor: Redactor;
  /** Asks the person at the terminal something a target needs to know; absent where nobody is there. */
  readonly confirm?: (question: string, details: readonly string[]) => Promise<boolean>;
}

/** What the road needs from outside. */
export interface DeployDeps extends PlanDeps {
  /** Asked once, with every target's plan, before the first write; false ends the run with nothing touched. */
  approve(plans: readonly Plan[]): Promise<boolean>;
}

/** How a run went. */
export interface RunReport {
  readonly run: string;
  readonly site: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly targets: readonly TargetResult[];
  /** One for each of the site's CDNs; absent where it has none. */
  readonly purges?: readonly PurgeResult[];
}

/** The last event of a run, as a type of its own. */
export type DoneEvent = Extract<DeployEvent, { type: "done" }>;
