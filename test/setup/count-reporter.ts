import type { Reporter } from "vitest/node";

/**
 * Closes the run with one line, `N passed, N failed`, for people and scripts alike. A suite that could not be loaded
 * and an error outside of any test count as failed; a skipped test is neither.
 */
export const countReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const brokenSuites = modules
      .flatMap((module) => [module, ...module.children.allSuites()])
      .filter((suite) => suite.errors().length > 0).length;
    const failed = count("failed") + brokenSuites + unhandledErrors.length;
    process.stdout.write(`${count("passed")} passed, ${failed} failed\n`);
  },
};
