import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashOutcome } from "./hash-file.ts";
import type { ScanSetup, Walked, WalkInput } from "./scan-tasks.ts";

/** What a thread is asked. */
export type ScanCall =
  | { readonly name: "walk"; readonly input: WalkInput }
  | { readonly name: "hash"; readonly input: readonly string[] };

/** Threads that do the blocking work of one scan. They start when there is work for them; disposing ends them. */
export interface ScanThreads extends AsyncDisposable {
  /** How many there can be: more pieces of work than this at a time wait for one another. */
  readonly count: number;
  walk(input: WalkInput): Promise<Walked>;
  hash(paths: readonly string[]): Promise<readonly HashOutcome[]>;
}

/** The thread that hands out the work is busy as well; and disks stop gaining long before big servers run out of cores. */
const THREADS = Math.min(8, Math.max(2, availableParallelism() - 1));
/** What a thread makes is gone when it is handed over: more room would only be filled, thread by thread. */
const YOUNG_MB = 4;
/** The same file as TypeScript in a checkout and as JavaScript in a release. */
const WORKER = new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url);

interface Job {
  readonly call: ScanCall;
  readonly finish: (reply: unknown) => void;
  readonly fail: (reason: unknown) => void;
}

/** Opens threads for a site. When the signal aborts, they end at once and every call rejects with its reason. */
export function openScanThreads(setup: ScanSetup, signal: AbortSignal): ScanThreads {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();

  const next = () => {
    while (waiting.length > 0 && (idle.length > 0 || busy.size < THREADS)) {
      const job = waiting.shift();
      if (job === undefined) return;
      const worker = idle.pop() ?? start();
      busy.set(worker, job);
      worker.postMessage(job.call);
    }
  };
  const start = (): Worker => {
    const worker = new Worker(WORKER, { workerData: setup, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.on("message", (reply: unknown) => {
      busy.get(worker)?.finish(reply);
      busy.delete(worker);
      idle.push(worker);
      next();
    });
    worker.on("error", (error) => failAll(error));
    return worker;
  };
  const failAll = (reason: unknown) => {
    for (const { fail } of [...busy.values(), ...waiting.splice(0)]) fail(reason);
  };
  const end = async () => {
    const workers = [...idle.splice(0), ...busy.keys()];
    busy.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  const call = <Reply>(request: ScanCall): Promise<Reply> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      waiting.push({ call: request, finish: (reply) => resolve(reply as Reply), fail: reject });
      next();
    });
  const onAbort = () => failAll(signal.reason);
  signal.addEventListener("abort", onAbort);
  return {
    count: THREADS,
    walk: (input) => call({ name: "walk", input }),
    hash: (input) => call({ name: "hash", input }),
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener("abort", onAbort);
      await end();
    },
  };
}
