import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveResult } from "../results.ts";
import { runChecked } from "../run-command.ts";
import { writeSite } from "../site.ts";
import { smartsync } from "../smartsync.ts";
import { versionOf } from "../version-of.ts";

/** What to measure. */
export interface ScanOptions {
  readonly files: number;
  /** How often the two trees are compared by each tool, in turns. */
  readonly rounds: number;
  readonly signal: AbortSignal;
}

/** A command that is timed, and what the results call it. */
interface Contender {
  readonly tool: string;
  readonly settings: string;
  readonly version: readonly string[];
  readonly argv: readonly string[];
}

/** How often the two starts are timed: they are short, so single ones say little. */
const STARTS = 20;

/** Times the plan of an unchanged site beside rsync's dry run on the same two trees, and the bare start of smartsync. */
export async function benchScan({ files, rounds, signal }: ScanOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-bench-"));
  try {
    const [source, copy] = [join(scratch, "source"), join(scratch, "copy")];
    await writeSite(source, { files, entries: Math.ceil(files / 2), minBytes: 1000, maxBytes: 6000 });
    const config = join(scratch, "smartsync.yaml");
    const target = { type: "local", path: copy, statePath: join(scratch, "state") };
    // JSON is YAML.
    await writeFile(
      config,
      JSON.stringify({ sites: { site: { source, targets: ["copy"] } }, targets: { copy: target } }),
    );
    await runChecked(smartsync("push", "--yes", "--config", config), { signal });
    await runChecked(["diff", "-r", source, copy], { signal });

    const plan: Contender = {
      tool: "smartsync",
      settings: "`smartsync plan --exit-code`, local target, warm cache",
      version: smartsync("--version"),
      // --exit-code: fails when anything is found to do.
      argv: smartsync("plan", "--exit-code", "--config", config),
    };
    const rsync: Contender = {
      tool: "rsync",
      settings: "`rsync -an --delete`",
      version: ["rsync", "--version"],
      argv: ["rsync", "-an", "--delete", `${source}/`, `${copy}/`],
    };
    await race("plan", files, [plan, rsync], rounds, scratch, signal);
    const version = { ...plan, settings: "`smartsync --version`", argv: plan.version };
    const node = ["-e", "0"];
    const bare = {
      tool: "node",
      settings: "`node -e 0`",
      version: [process.execPath, "--version"],
      argv: [process.execPath, ...node],
    };
    await race("start", files, [version, bare], STARTS, scratch, signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs the contenders in turns, so that whatever else the machine does meets all alike; the first turn is not counted. */
async function race(
  scenario: string,
  files: number,
  contenders: readonly Contender[],
  rounds: number,
  scratch: string,
  signal: AbortSignal,
): Promise<void> {
  const seconds = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const peaks = new Map<Contender, number>();
  const memory = join(scratch, "memory");
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const outcome = await runChecked(["time", "-f", "%M", "-o", memory, ...contender.argv], { signal });
      if (round === 0) continue;
      seconds.get(contender)?.push(outcome.seconds);
      const kibibytes = Number(await readFile(memory, "utf8"));
      peaks.set(contender, Math.max(peaks.get(contender) ?? 0, kibibytes * 1024));
    }
  }
  for (const contender of contenders) {
    const { tool, settings } = contender;
    const version = await versionOf(contender.version);
    const timed = { seconds: seconds.get(contender) ?? [], peakBytes: peaks.get(contender) ?? 0 };
    await saveResult({ bench: "scan", scenario, tool, files, version, settings, ...timed });
  }
}
