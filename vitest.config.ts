import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { countReporter } from "./test/setup/count-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup/real-servers.ts",
    reporters: ["default", countReporter],
    // Processes, because suites kill, trap signals and count open handles; two at least, because they mostly wait. One
    // core is left to the servers that they start.
    pool: "forks",
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    allowOnly: false,
  },
});
