import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is measured together. */
export type BenchName =
  | "ftps"
  | "scan"
  | "ssh"
  | "ssh-big"
  | "s3-link"
  | "s3"
  | "s3-many"
  | "s3-big"
  | "azure"
  | "gcs"
  | "purge-plan";

/** One cell of a table: how long one tool took for one scenario. */
export interface Result {
  readonly bench: BenchName;
  readonly scenario: string;
  readonly tool: string;
  readonly files: number;
  readonly version: string;
  /** The command, or what of it matters. */
  readonly settings: string;
  /** Seconds of wall time of the whole process, one per round. */
  readonly seconds: readonly number[];
  /** Seconds of CPU of the process and those it started, one per round, where that was measured. */
  readonly cpuSeconds?: readonly number[];
  /** Most memory the process ever held, where that was measured. */
  readonly peakBytes?: number;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
}

const FOLDER = fileURLToPath(new URL("results/", import.meta.url));

/** Keeps a result in place of an older one of the same cell. A file per cell: several benches may run at once. */
export async function saveResult(result: Omit<Result, "date" | "machine">): Promise<void> {
  const { bench, files, tool, scenario } = result;
  const whole: Result = { ...result, date: new Date().toISOString(), machine: describeMachine() };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${bench}-${files}-${tool}-${scenario}.json`), `${JSON.stringify(whole, null, 2)}\n`);
}

/** Every result there is, the newest of each cell. */
export async function loadResults(): Promise<Result[]> {
  await mkdir(FOLDER, { recursive: true });
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    names.sort().map(async (name) => JSON.parse(await readFile(join(FOLDER, name), "utf8")) as Result),
  );
}

/** The middle one; of an even number the lower of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function describeMachine(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model}, ${gibibytes} GiB, Linux ${release()}, Node ${process.version}`;
}
