import { Command, InvalidArgumentError, Option } from "commander";
import { SCENARIOS } from "./deliveries/scenarios.ts";
import { type DeliveryOptions, timeDeliveries } from "./deliveries/time-deliveries.ts";
import { ftpsBench } from "./ftps/server.ts";
import { holdLink } from "./link/hold-link.ts";
import { writeReport } from "./report.ts";
import { requireCommands, requireRoot } from "./require-commands.ts";
import { benchScan, type ScanOptions } from "./scan/bench-scan.ts";
import { sshBench } from "./ssh/server.ts";
import { timeBigFile } from "./ssh/time-big-file.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
const { signal } = stop;

const { ftps, ssh } = { ftps: Object.keys(ftpsBench.tools), ssh: Object.keys(sshBench.tools) };
const scenarios = Object.keys(SCENARIOS);
const bench = new Command("npm run bench --").description("Measures smartsync beside other tools.");

bench
  .command("ftps")
  .description("FTPS deliveries over a link with a 20 ms round trip, beside lftp and rclone")
  .option("--files <n>", "how many files the site has; 10000 takes hours", wholeNumber, 1000)
  .addOption(new Option("--tools <name...>", "only these").choices(ftps).default(ftps))
  .addOption(new Option("--scenarios <name...>", "time only these").choices(scenarios).default(scenarios))
  .option("--rounds <n>", "how often each series is repeated", wholeNumber, 1)
  .action(async (options: Omit<DeliveryOptions, "signal">) => {
    requireRoot();
    await requireCommands(["lftp", "rclone", "ip", "ss", "sysctl", "gcc"]);
    // What was measured is reported, also when a tool failed or someone lost patience.
    await timeDeliveries(ftpsBench, { ...options, signal }).finally(writeReport);
  });

bench
  .command("ssh")
  .description("SSH deliveries over a link with a 20 ms round trip, beside rsync and rclone")
  .option("--files <n>", "how many files the site has", wholeNumber, 1000)
  .addOption(new Option("--tools <name...>", "only these").choices(ssh).default(ssh))
  .addOption(new Option("--scenarios <name...>", "time only these").choices(scenarios).default(scenarios))
  .option("--rounds <n>", "how often each series is repeated", wholeNumber, 3)
  .action(async (options: Omit<DeliveryOptions, "signal">) => {
    requireRoot();
    await requireCommands(["rsync", "rclone", "ip", "ss", "sysctl", "gcc"]);
    await timeDeliveries(sshBench, { ...options, signal }).finally(writeReport);
  });

bench
  .command("ssh-big")
  .description("a file of 1 GB over SSH on loopback, beside rsync")
  .option("--rounds <n>", "how often each tool is timed", wholeNumber, 3)
  .action(async (options: { rounds: number }) => {
    requireRoot();
    await requireCommands(["rsync", "ip", "ss", "sysctl", "gcc", "time"]);
    await timeBigFile({ ...options, signal }).finally(writeReport);
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
