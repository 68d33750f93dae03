import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLink, type Side } from "../link/open-link.ts";
import { saveResult } from "../results.ts";
import { runChecked } from "../run-command.ts";
import { writeSite } from "../site.ts";
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

/** One way of a packet over the link. */
const DELAY_MS = 10;
/** Sites are not delivered in the second they are written: tools mistrust files as young as that, and rightly read them again. */
const AGE_MS = 3_000;

/** Times every tool in every scenario, round by round in turns, keeping each result as soon as there is one. */
export async function timeDeliveries<Server extends BenchServer>(
  bench: DeliveryBench<Server>,
  options: DeliveryOptions,
): Promise<void> {
  const { files, rounds } = options;
  const names = options.tools ?? Object.keys(bench.tools);
  const seconds = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const tool = bench.tools[name];
      if (tool === undefined) throw new Error(`no tool is called ${name}`);
      const version = await versionOf(tool.version());
      for await (const [scenario, took] of timeSeries(bench, name, tool, options)) {
        const all = [...(seconds.get(`${name} ${scenario}`) ?? []), took];
        seconds.set(`${name} ${scenario}`, all);
        const { settings } = tool;
        await saveResult({ bench: bench.name, scenario, tool: name, files, version, settings, seconds: all });
        console.log(`${tool.label} ${version}, ${files} files, ${scenario}: ${took.toFixed(2)} s`);
      }
    }
  }
}

/**
 * Makes one series of deliveries to an empty directory on a server and a link of its own, and gives the seconds of
 * each that is timed. Throws when a tool fails, or does not leave the server's files byte-equal to the source.
 */
async function* timeSeries<Server extends BenchServer>(
  bench: DeliveryBench<Server>,
  name: string,
  tool: Tool<Server>,
  { files, scenarios, signal }: DeliveryOptions,
): AsyncGenerator<[ScenarioName, number]> {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-bench-"));
  try {
    await using link = await openLink({ delayMs: DELAY_MS });
    await using server = await bench.startServer(link, scratch);
    const source = join(scratch, "source");
    const paths = await writeSite(source, { files, entries: 960, maxBytes: 60_000 });
    const argv = await tool.prepare(server, source, `/${name}`, scratch);

    for (const [scenario, { alter }] of Object.entries(SCENARIOS) as [ScenarioName, Scenario][]) {
      await alter(source, paths);
      await sleep(AGE_MS);
      // The same address answers at the server's own end, with no delay in between.
      const side: Side = scenarios.includes(scenario) ? "client" : "server";
      const { seconds } = await runChecked(link.command(side, argv), { signal, env: { LC_ALL: "C.UTF-8" } });
      await runChecked(["diff", "-r", source, join(server.root, name)], { signal });
      if (side === "client") yield [scenario, seconds];
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
