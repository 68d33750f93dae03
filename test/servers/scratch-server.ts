import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DaemonOptions, startDaemon } from "./daemon.ts";
import { ensurePackages } from "./packages.ts";
import { claimPorts, type PortBlock } from "./ports.ts";

/** A running server whose files are in a scratch folder of its own. */
export interface ScratchServer extends AsyncDisposable {
  /** The port on 127.0.0.1 it listens on. */
  readonly port: number;
  /** What it printed so far. */
  log(): string;
  /** Ends it and removes its folder: what it held is gone. */
  stop(): Promise<void>;
}

/** Starts a server that listens on `ports.control`; `prepare` lays out its folder and says what to run. */
export async function startInScratch(
  name: string,
  prepare: (scratch: string, ports: PortBlock) => Pick<DaemonOptions, "argv" | "env">,
): Promise<ScratchServer> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), `smartsync-${name}-`));
  const ports = await claimPorts();
  const outputFile = join(scratch, "output.log");
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const daemon = await startDaemon({ ...prepare(scratch, ports), port: ports.control, outputFile });
    const stop = async () => {
      await daemon.stop();
      clear();
    };
    return {
      port: ports.control,
      log: () => readFileSync(outputFile, "utf8"),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    clear();
    throw error;
  }
}
