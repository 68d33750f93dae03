import { editOnePercent, touchAll } from "../site.ts";

/** A delivery that is timed. */
export interface Scenario {
  /** How it is called in the tables. */
  readonly label: string;
  /** What happens to the source before it. */
  alter(source: string, paths: readonly string[]): Promise<void>;
}

/** The scenarios in their order, by the name `--scenarios` takes: each starts from where the one before ended. */
export const SCENARIOS = {
  first: { label: "first delivery", alter: async () => {} },
  unchanged: { label: "nothing changed", alter: async () => {} },
  changed: { label: "1% changed", alter: editOnePercent },
  touched: { label: "every mtime touched", alter: touchAll },
} satisfies Record<string, Scenario>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;
