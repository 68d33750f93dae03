import { Command, InvalidArgumentError, Option } from "commander";
import { benchFtps, type FtpsOptions } from "./ftps/bench-ftps.ts";
import { SCENARIOS } from "./ftps/scenarios.ts";
import { TOOLS } from "./ftps/tools.ts";
import { holdLink } from "./link/hold-link.ts";
import { writeReport } from "./report.ts";
import { requireCommands, requireRoot } from "./require-commands.ts";
import { benchScan, type ScanOptions } from "./scan/bench-scan.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
const { signal } = stop;

const tools = Object.keys(TOOLS);
const scenarios = Object.keys(SCENARIOS);
const bench = new Command("npm run bench --").description("Measures smartsync beside other tools.");

bench
  .command("ftps")
  .description("FTPS deliveries over a link with a 20 ms round trip, beside lftp and rclone")
  .option("--files <n>", "how many files the site has; 10000 takes hours", wholeNumber, 1000)
  .addOption(new Option("--tools <name...>", "only these").choices(tools).default(tools))
  .addOption(new Option("--scenarios <name...>", "time only these").choices(scenarios).default(scenarios))
  .option("--rounds <n>", "how often each series is repeated", wholeNumber, 1)
  .action(async (options: Omit<FtpsOptions, "signal">) => {
    requireRoot();
    await requireCommands(["lftp", "rclone", "ip", "ss", "sysctl", "gcc"]);
    // What was measured is reported, also when a tool failed or someone lost patience.
    await benchFtps({ ...options, signal }).finally(writeReport);
  });

bench
  .command("scan")
  .description("planning an unchanged site, beside rsync")
  .option("--files <n>", "how many files the site has", wholeNumber, 100_000)
  .option("--rounds <n>", "how often each tool is timed", wholeNumber, 5)
  .action(async (options: Omit<ScanOptions, "signal">) => {
    await requireCommands(["rsync", "time"]);
    await benchScan({ ...options, signal }).finally(writeReport);
  });

bench
  .command("link")
  .description("a link with Pure-FTPd behind it, to try things by hand")
  .action(async () => {
    requireRoot();
    await requireCommands(["ip", "ss", "sysctl", "gcc"]);
    await holdLink(signal);
  });

bench.command("report").description("docs/benchmarks.md anew, from what was measured last").action(writeReport);

try {
  await bench.parseAsync();
} catch (error) {
  if (!signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = signal.aborted ? 130 : 1;
}

/** Reads a number of files or rounds from the command line. */
function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It has to be a whole number from 1 on.");
  return Number(text);
}
