import { editOnePercent, touchAll } from "../site.ts";

/** A delivery that is timed. */
export interface Scenario {
  /** How it is called in the tables. */
  readonly label: string;
  /** What happens to the source before it. */
  alter(source: string, paths: readonly string[]): Promise<void>;
  /** The share of lftp's time that smartsync may take at most. */
  readonly goal: number;
}

/** The scenarios in their order, by the name `--scenarios` takes: each starts from where the one before ended. */
export const SCENARIOS = {
  first: { label: "first delivery", alter: async () => {}, goal: 0.2 },
  unchanged: { label: "nothing changed", alter: async () => {}, goal: 0.03 },
  changed: { label: "1% changed", alter: editOnePercent, goal: 0.06 },
  touched: { label: "every mtime touched", alter: touchAll, goal: 0.03 },
} satisfies Record<string, Scenario>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;
