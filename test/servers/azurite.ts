import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverCertificate } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import { npmServerFile } from "./npm-server.ts";
import { ensurePackages } from "./packages.ts";
import { claimPorts } from "./ports.ts";

/** A running Azurite: Azure's blob service on loopback, with one account and no container. */
export interface AzuriteServer extends AsyncDisposable {
  readonly account: string;
  readonly accountKey: string;
  /** "http://127.0.0.1:10241/smartsynctest": the account is the path's beginning, as in no real account's address. */
  readonly endpoint: string;
  /** What it printed so far. */
  log(): string;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
}

/** How it is started. */
export interface AzuriteOptions {
  /** Over TLS, with a certificate of the test CA; it takes tokens of Entra ID then, of which it checks all but the signature. */
  readonly tls?: boolean;
}

const ACCOUNT = "smartsynctest";
const OPTIONS = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"];

/** Starts Azurite, which keeps everything in memory. It checks keys and signatures, and knows `$web`. */
export async function startAzurite({ tls = false }: AzuriteOptions = {}): Promise<AzuriteServer> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), "smartsync-azurite-"));
  const ports = await claimPorts();
  const outputFile = join(scratch, "output.log");
  const accountKey = randomBytes(64).toString("base64");
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const { certFile, keyFile } = serverCertificate("valid");
    const secure = tls ? ["--oauth", "basic", "--cert", certFile, "--key", keyFile] : [];
    const main = npmServerFile("azurite", "dist/src/blob/main.js");
    const daemon = await startDaemon({
      argv: [process.execPath, main, "--blobPort", `${ports.control}`, ...OPTIONS, ...secure],
      env: { HOME: scratch, AZURITE_ACCOUNTS: `${ACCOUNT}:${accountKey}` },
      port: ports.control,
      outputFile,
    });
    const stop = async () => {
      await daemon.stop();
      clear();
    };
    return {
      account: ACCOUNT,
      accountKey,
      endpoint: `${tls ? "https" : "http"}://127.0.0.1:${ports.control}/${ACCOUNT}`,
      log: () => readFileSync(outputFile, "utf8"),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    clear();
    throw error;
  }
}
