import { ensurePackages } from "../servers/packages.ts";

/** Runs before all suites: a server that can't be had fails the run with one sentence, nothing is skipped. */
export default function setup(): void {
  try {
    ensurePackages();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
