import { join } from "node:path";
import { npmServerFile } from "./npm-server.ts";
import { type ScratchServer, startInScratch } from "./scratch-server.ts";

/** A running storage emulator of Firebase: the JSON API on loopback, without credentials; every bucket exists. */
export interface GcsEmulator extends ScratchServer {
  /** "http://127.0.0.1:10241" */
  readonly endpoint: string;
}

const PROGRAM = join(import.meta.dirname, "gcs-emulator-program.mjs");

/** Starts the emulator, which keeps objects in files of a scratch folder and all else in memory. */
export async function startGcsEmulator(): Promise<GcsEmulator> {
  const server = await startInScratch("gcs-emulator", (scratch, { control }) => ({
    argv: [process.execPath, PROGRAM, npmServerFile("firebase-tools", "lib"), `${control}`],
    env: { HOME: scratch, TMPDIR: scratch },
  }));
  return { ...server, endpoint: `http://127.0.0.1:${server.port}` };
}
