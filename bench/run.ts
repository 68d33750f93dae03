import { Command, InvalidArgumentError, Option } from "commander";
import { SCENARIOS } from "./deliveries/scenarios.ts";
import { type DeliveryOptions, timeDeliveries } from "./deliveries/time-deliveries.ts";
import type { DeliveryBench } from "./deliveries/tool.ts";
import { ftpsBench } from "./ftps/server.ts";
import { holdLink } from "./link/hold-link.ts";
import { azureBench } from "./objects/azure-bench.ts";
import { ensureAzcopy } from "./objects/azure-tools.ts";
import type { BucketServer } from "./objects/bucket-server.ts";
import { cephBench } from "./objects/ceph-bench.ts";
import { gcsBench } from "./objects/gcs-bench.ts";
import { bigBench, linkBench, manyBench } from "./objects/sink-benches.ts";
import { benchPurgePlan, type PurgePlanOptions } from "./purge-plan.ts";
import { writeReport } from "./report.ts";
import { type CommandName, LINK_COMMANDS, requireCommands, requireRoot } from "./require-commands.ts";
import { benchScan, type ScanOptions } from "./scan/bench-scan.ts";
import { sshBench } from "./ssh/server.ts";
import { timeBigFile } from "./ssh/time-big-file.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
const { signal } = stop;

const { ftps, ssh } = { ftps: Object.keys(ftpsBench.tools), ssh: Object.keys(sshBench.tools) };
const S3_COMMANDS = ["rclone", "aws", "hugo"] as const;
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
    await requireCommands(["lftp", "rclone", "time", ...LINK_COMMANDS]);
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
    await requireCommands(["rsync", "rclone", "time", ...LINK_COMMANDS]);
    await timeDeliveries(sshBench, { ...options, signal }).finally(writeReport);
  });

bench
  .command("ssh-big")
  .description("a file of 1 GB over SSH on loopback, beside rsync")
  .option("--rounds <n>", "how often each tool is timed", wholeNumber, 3)
  .action(async (options: { rounds: number }) => {
    requireRoot();
    await requireCommands(["rsync", "time", ...LINK_COMMANDS]);
    await timeBigFile({ ...options, signal }).finally(writeReport);
  });

storeCommand("s3", "S3 (Ceph RGW) on loopback, beside rclone, aws s3 sync and hugo deploy", cephBench, S3_COMMANDS);
storeCommand("s3-link", "a bucket 20 ms away that nobody has to wait for, beside the same", linkBench, S3_COMMANDS);

storeCommand(
  "azure",
  "Azure Blob Storage (Azurite) on loopback, beside azcopy and hugo deploy",
  azureBench,
  ["hugo"],
  ensureAzcopy,
);

storeCommand("gcs", "Google Cloud Storage (an emulator) on loopback, beside hugo deploy", gcsBench, ["hugo"]);

bench
  .command("s3-memory")
  .description("what 100,000 files, and one of 5 GiB, take of memory")
  .action(async () => {
    await requireCommands(["time", "curl"]);
    const once = { rounds: 1, signal };
    await timeDeliveries(manyBench, { ...once, files: 100_000, scenarios: ["first", "unchanged", "touched"] });
    await timeDeliveries(bigBench, { ...once, files: 1, scenarios: ["first"] }).finally(writeReport);
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
  .command("purge-plan")
  .description("planning the purge of a tenth of a site's files")
  .option("--files <n>", "how many files the site has", wholeNumber, 100_000)
  .option("--rounds <n>", "how often each plan is made", wholeNumber, 9)
  .action(async (options: PurgePlanOptions) => {
    await benchPurgePlan(options).finally(writeReport);
  });

bench
  .command("link")
  .description("a link with Pure-FTPd behind it, to try things by hand")
  .action(async () => {
    requireRoot();
    await requireCommands(LINK_COMMANDS);
    await holdLink(signal);
  });

bench.command("report").description("docs/benchmarks.md anew, from what was measured last").action(writeReport);

try {
  // Several benches may be named at once, one after the other: `npm run bench -- s3 azure gcs`.
  const known = new Set(bench.commands.map((command) => command.name()));
  const words = process.argv.slice(2);
  const end = words.findIndex((word) => !known.has(word));
  const names = end === -1 ? words : words.slice(0, end);
  const options = words.slice(names.length);
  if (names.length < 2) await bench.parseAsync();
  else for (const name of names) await bench.parseAsync([name, ...options], { from: "user" });
} catch (error) {
  if (!signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = signal.aborted ? 130 : 1;
}

/** A bench of deliveries to a store. */
function storeCommand(
  name: string,
  what: string,
  store: DeliveryBench<BucketServer>,
  needs: readonly CommandName[],
  ready = async () => {},
): void {
  const tools = Object.keys(store.tools);
  bench
    .command(name)
    .description(what)
    .option("--files <n>", "how many files the site has", wholeNumber, 10_000)
    .addOption(new Option("--tools <name...>", "only these").choices(tools).default(tools))
    .addOption(new Option("--scenarios <name...>", "time only these").choices(scenarios).default(scenarios))
    .option("--rounds <n>", "how often each series is repeated", wholeNumber, 3)
    .action(async (options: Omit<DeliveryOptions, "signal">) => {
      requireRoot();
      await requireCommands([...needs, "time"]);
      await ready();
      await timeDeliveries(store, { ...options, signal }).finally(writeReport);
    });
}

/** Reads a number of files or rounds from the command line. */
function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It has to be a whole number from 1 on.");
  return Number(text);
}
