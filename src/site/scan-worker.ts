import { parentPort, workerData } from "node:worker_threads";
import { createScanTasks, type ScanSetup } from "./scan-tasks.ts";
import type { ScanCall } from "./scan-threads.ts";

// A thread of scan-threads.ts: does one piece of work after the other.
const tasks = createScanTasks(workerData as ScanSetup);

parentPort?.on("message", (call: ScanCall) => {
  parentPort?.postMessage(call.name === "walk" ? tasks.walk(call.input) : tasks.hash(call.input));
});
