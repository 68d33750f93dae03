import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLink, type Side, type Wire } from "../link/open-link.ts";
import { openLoopback } from "../link/open-loopback.ts";
import { saveResult } from "../results.ts";
import { runChecked } from "../run-command.ts";
import { versionOf } from "../version-of.ts";
import { SCENARIOS, type Scenario, type ScenarioName } from "./scenarios.ts";
import type { BenchServer, DeliveryBench, Tool } from "./tool.ts";

/** What to measure. */
export interface DeliveryOptions {
  readonly files: number;
  /** Names of tools; every one when absent. */
  readonly tools?: readonly string[];
  /** Which deliveries to time; those in between are made all the same, without the link's delay. */
  readonly scenarios: readonly ScenarioName[];
  /** How often each series is repeated; the table shows the median. */
  readonly rounds: number;
  readonly signal: AbortSignal;
}

/** Sites are not delivered in the second they are written: tools mistrust files as young as that, and rightly read them again. */
const AGE_MS = 3_000;

/** Times every tool in every scenario, round by round in turns, keeping each result as soon as there is one. */
export async function timeDeliveries<Server extends BenchServer>(
  bench: DeliveryBench<Server>,
  options: DeliveryOptions,
): Promise<void> {
  const { files, rounds } = options;
  const names = options.tools ?? Object.keys(bench.tools);
  const runs = new Map<string, Timed[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const tool = bench.tools[name];
      if (tool === undefined) throw new Error(`no tool is called ${name}`);
      const version = await versionOf(tool.version());
      for await (const [scenario, took] of timeSeries(bench, name, tool, options)) {
        const all = [...(runs.get(`${name} ${scenario}`) ?? []), took];
        runs.set(`${name} ${scenario}`, all);
        const timed = {
          seconds: all.map(({ seconds }) => seconds),
          cpuSeconds: all.map(({ cpuSeconds }) => cpuSeconds),
          peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
        };
        const { settings } = tool;
        await saveResult({ bench: bench.name, scenario, tool: name, files, version, settings, ...timed });
        const used = `${took.cpuSeconds.toFixed(2)} s of CPU, ${Math.round(took.peakBytes / 1e6)} MB`;
        console.log(`${tool.label} ${version}, ${files} files, ${scenario}: ${took.seconds.toFixed(2)} s (${used})`);
      }
    }
  }
}

/** What a delivery took. */
interface Timed {
  readonly seconds: number;
  /** Of the process and those it started. */
  readonly cpuSeconds: number;
  /** Of the largest of them. */
  readonly peakBytes: number;
}

/**
 * Makes one series of deliveries to an empty directory on a server and a wire of its own, and gives what each took
 * that is timed. Throws when a tool fails, or does not leave the server's files byte-equal to the source.
 */
async function* timeSeries<Server extends BenchServer>(
  bench: DeliveryBench<Server>,
  name: string,
  tool: Tool<Server>,
  { files, scenarios, signal }: DeliveryOptions,
): AsyncGenerator<[ScenarioName, Timed]> {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-bench-"));
  try {
    const { delayMs } = bench;
    await using wire: Wire = delayMs === 0 ? openLoopback() : await openLink({ delayMs });
    await using server = await bench.startServer(wire, scratch);
    const source = join(scratch, "source");
    const paths = await bench.writeSource(source, files);
    const argv = await tool.prepare(server, source, `/${name}`, scratch);

    for (const [scenario, { alter }] of Object.entries(SCENARIOS) as [ScenarioName, Scenario][]) {
      await alter(source, paths);
      await sleep(AGE_MS);
      // The same address answers at the server's own end, with no delay in between.
      const side: Side = scenarios.includes(scenario) ? "client" : "server";
      const usage = join(scratch, "usage");
      const command = wire.command(side, ["time", "-f", "%U %S %M", "-o", usage, ...argv]);
      const { seconds } = await runChecked(command, { signal, env: { LC_ALL: "C.UTF-8" } });
      await server.expectSame(source, `/${name}`);
      const [user = 0, system = 0, kilobytes = 0] = (await readFile(usage, "utf8")).split(" ").map(Number);
      if (side === "client") yield [scenario, { seconds, cpuSeconds: user + system, peakBytes: kilobytes * 1024 }];
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
