import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { npmServerFile } from "./npm-server.ts";
import { ensurePackages } from "./packages.ts";
import { claimPorts } from "./ports.ts";

/** A running storage emulator of Firebase: the JSON API on loopback, without credentials; every bucket exists. */
export interface GcsEmulator extends AsyncDisposable {
  /** "http://127.0.0.1:10241" */
  readonly endpoint: string;
  /** What it printed so far. */
  log(): string;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "gcs-emulator-program.mjs");

/** Starts the emulator, which keeps objects in files of a scratch folder and all else in memory. */
export async function startGcsEmulator(): Promise<GcsEmulator> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), "smartsync-gcs-emulator-"));
  const ports = await claimPorts();
  const outputFile = join(scratch, "output.log");
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const daemon = await startDaemon({
      argv: [process.execPath, PROGRAM, npmServerFile("firebase-tools", "lib"), `${ports.control}`],
      env: { HOME: scratch, TMPDIR: scratch },
      port: ports.control,
      outputFile,
    });
    const stop = async () => {
      await daemon.stop();
      clear();
    };
    return {
      endpoint: `http://127.0.0.1:${ports.control}`,
      log: () => readFileSync(outputFile, "utf8"),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    clear();
    throw error;
  }
}
